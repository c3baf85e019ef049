/** A batch: how it stands, and the gallery of its items. */

import { batchPath, get } from "../api.js";
import { followChanges } from "../changes.js";
import { decideAll } from "../decisions/bulk.js";
import { openHistory } from "../decisions/history.js";
import { outboxOf } from "../decisions/outbox.js";
import { fill, h } from "../dom.js";
import { filterOf, isHeld, isOpen } from "../grid/filter.js";
import { Stage } from "../grid/stage.js";
import { Filters } from "./filters.js";
import { Header } from "./header.js";
import { rerender } from "./rerender.js";
import { Tally } from "./tally.js";

/** Build the view; see router.add. */
export async function view({ root, params: { batch }, query, signal, onQuery }) {
  document.title = `${batch} · Restyle`;
  const about = await get(batchPath(batch), {}, { signal });
  const gallery = new Gallery(batch, about, { query, signal });
  fill(root, gallery.element);
  gallery.show();
  onQuery(() => gallery.show());
}

class Gallery {
  constructor(batch, about, { query, signal }) {
    Object.assign(this, { batch, about, query, signal, latest: about, stop: null, stage: null });
    this.header = new Header({
      batch, onSteered: () => this.feed.now(),
      onHistory: () => openHistory(batch, { signal, onUndone: () => this.feed.now() }),
      onRerender: () => this.#rerender({ filter: filterOf(query()) }),
    });
    this.tally = new Tally(batch, (action) => this.#all(action));
    this.filters = new Filters(signal, this.tally.element);
    this.place = h("div");
    this.element = h("div.view", {}, this.header.element, this.filters.element, this.place);
    this.header.showOrigin(about);
    this.#summary(about);
    this.feed = followChanges(batch, about.cursor, {
      signal, onSummary: (summary) => this.#summary(summary), onItems: (items) => this.stage?.take(items),
    });
  }

  /** Show the items that the address asks for. */
  show() {
    this.stop?.abort();
    this.stop = new AbortController();
    const signal = AbortSignal.any([this.signal, this.stop.signal]);
    const filter = filterOf(this.query());
    this.filters.show();
    this.filters.count(this.latest);
    this.tally.show(filter, this.latest, signal);
    this.stage = new Stage({
      batch: this.batch, filter, signal, view: "pair", size: this.query().get("size") ?? "medium",
      total: this.about.total - this.about.counts.unchanged, label: `Items of ${this.batch}`,
      nothing: () => nothing(filter), onSaved: () => this.feed.now(), onRerender: (numbers) => this.#rerender({ numbers }),
    });
    fill(this.place, this.stage.element);
    return this.stage.begin();
  }

  #summary(summary) {
    this.latest = summary;
    this.header.show(summary);
    this.filters.count(summary);
    this.tally.note(summary);
  }

  #rerender(chosen) {
    return rerender(this.batch, { ...chosen, style: this.about.style_fields });
  }

  #all(action) {
    const filter = filterOf(this.query());
    if (!isHeld(filter)) filter.state = ["held"];
    return decideAll({ batch: this.batch, filter, action, outbox: outboxOf(this.batch), onDone: () => this.feed.now() });
  }
}

function nothing(filter) {
  if (isOpen(filter)) return h("div.empty", {}, h("h2", {}, "Nothing to show"), h("p", {}, "All items of this batch are unchanged: their earlier results still hold."));
  return h("div.empty", {}, h("h2", {}, "Nothing matches"), h("p", {}, "No item of this batch matches these filters now."));
}
