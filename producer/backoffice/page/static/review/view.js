/** The held queue as a contact sheet: big pictures, decided by one key each, growing as items come. */

import { batchPath, get } from "../api.js";
import { followChanges } from "../changes.js";
import { decideAll } from "../decisions/bulk.js";
import { openHistory } from "../decisions/history.js";
import { outboxOf } from "../decisions/outbox.js";
import { fill, h, set, tell } from "../dom.js";
import { counted, number } from "../format.js";
import { Stage } from "../grid/stage.js";
import { bind, button } from "../keys.js";
import { rerender } from "../batch/rerender.js";
import { setQuery } from "../router.js";
import { may } from "../session.js";

const STAGES = { mask: "Masks", result: "Results" };

/** Build the view; see router.add. */
export async function view({ root, params: { batch }, query, signal, onQuery }) {
  document.title = `Review · ${batch} · Restyle`;
  const about = await get(batchPath(batch), {}, { signal });
  const sheet = new Sheet(batch, about, { signal, query });
  fill(root, sheet.element);
  await sheet.show();
  onQuery(() => sheet.show());
}

class Sheet {
  constructor(batch, about, { signal, query }) {
    Object.assign(this, { batch, about, signal, query, stop: null });
    this.left = h("span.chip", { role: "status", data: { tone: "wait" } });
    this.tabs = Object.entries(STAGES).map(([stage, label]) => [stage, h("button", { type: "button", on: { click: () => setQuery({ stage, at: null }, { push: true }) } }, label)]);
    this.place = h("div");
    bind(signal, [{ id: "bare", label: "Show or hide the masks", group: "Looking", keys: ["m"], run: () => this.place.classList.toggle("bare") }]);
    const path = `/batches/${encodeURIComponent(batch)}`;
    this.element = h("div.view", {},
      h("header.batch-header", {},
        h("nav.crumbs", { "aria-label": "Where you are" }, h("a", { href: "/" }, "Batches"), h("span", { "aria-hidden": "true" }, "›"), h("a.clip", { href: path }, batch), h("span", { "aria-hidden": "true" }, "›"), h("span", {}, "Review")),
        h("div.row.title", {}, h("h1", {}, "Held for you"), this.left, h("div.tabs", { role: "group", "aria-label": "Stage" }, this.tabs.map(([, tab]) => tab)), h("span.grow"), this.#acts())),
      this.place);
    this.feed = followChanges(batch, about.cursor, {
      signal, onSummary: (summary) => this.#summary(summary), onItems: (items) => this.stage?.take(items),
    });
    this.#summary(about);
  }

  #acts() {
    const all = (action, label, kind) => h("button", { type: "button", class: kind, on: { click: () => this.#all(action) } }, label);
    const history = () => openHistory(this.batch, { signal: this.signal, onUndone: () => this.feed.now() });
    return h("div.row.acts", {}, button("bare", "Hide masks", { class: "quiet" }), h("button", { type: "button", on: { click: history } }, "History"),
      may("operator") && [all("approve", "Approve all…", ""), all("reject", "Reject all…", "danger")]);
  }

  /** Show the queue of the stage that the address names: masks first, where there are any. */
  async show() {
    this.stop?.abort();
    this.stop = new AbortController();
    const signal = AbortSignal.any([this.signal, this.stop.signal]);
    const stage = this.query().get("stage") ?? await this.#firstStage(signal);
    if (signal.aborted) return;
    this.filter = { state: ["held"], stage };
    for (const [name, tab] of this.tabs) set(tab, { "aria-pressed": String(name === stage) });
    this.stage = new Stage({
      batch: this.batch, filter: this.filter, signal, grows: true, view: stage === "mask" ? "overlay" : "pair", size: "large",
      label: `Held ${stage}s of ${this.batch}`, nothing: () => this.#nothing(),
      onSaved: () => this.feed.now(), onRerender: (numbers) => rerender(this.batch, { numbers, style: this.about.style_fields }),
    });
    fill(this.place, this.stage.element);
    await this.stage.begin();
    this.stage.grid.reveal({ scroll: this.query().has("at") });
  }

  async #firstStage(signal) {
    const { count } = await get(batchPath(this.batch, "items", "count"), { state: "held", stage: "mask" }, { signal });
    return count || this.about.review !== "required" ? "mask" : "result";
  }

  #summary(summary) {
    this.latest = summary;
    tell(this.left, `${number(summary.counts.held)} left`);
    this.left.hidden = !summary.counts.held;
  }

  #nothing() {
    const { counts } = this.latest;
    const coming = counts.queued + counts.running;
    return h("div.empty", {}, h("h2", {}, "Nothing waits for you here"),
      h("p", {}, coming ? `${counted(coming, "item")} may still come; this sheet fills by itself.` : "Everything is decided."),
      h("a.button", { href: `/batches/${encodeURIComponent(this.batch)}` }, "Back to the batch"));
  }

  #all(action) {
    return decideAll({ batch: this.batch, filter: this.filter, action, outbox: outboxOf(this.batch), onDone: () => this.feed.now() });
  }
}
