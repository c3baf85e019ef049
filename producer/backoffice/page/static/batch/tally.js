/** Tally: how many items match, and the decisions about all of them. */

import { batchPath, get } from "../api.js";
import { fill, h, tell } from "../dom.js";
import { counted, number } from "../format.js";
import { isHeld, isOpen } from "../grid/filter.js";
import { may } from "../session.js";

export class Tally {
  /** @param {(action: string) => void} onAll decides about all that match. */
  constructor(batch, onAll) {
    Object.assign(this, { batch, onAll });
    this.count = h("span", { role: "status" });
    this.acts = h("span.row");
    this.element = h("div.row.tally", {}, this.count, this.acts);
  }

  /** Count what matches a filter. */
  async show(filter, summary, signal) {
    this.filter = filter;
    this.#offer(summary);
    if (isOpen(filter)) return tell(this.count, counted(summary.total - summary.counts.unchanged, "item"));
    try {
      const { count } = await get(batchPath(this.batch, "items", "count"), filter, { signal });
      tell(this.count, `${number(count)} ${count === 1 ? "item matches" : "items match"}`);
    } catch (error) {
      if (!signal.aborted) tell(this.count, error.message);
    }
  }

  /** Offer what fits how the batch stands now. */
  note(summary) {
    if (this.filter) this.#offer(summary);
  }

  #offer({ counts }) {
    const held = counts.held;
    const key = `${held > 0} ${isHeld(this.filter)}`;
    if (this.acts.dataset.key === key) return;
    this.acts.dataset.key = key;
    const all = (action, label, kind) => h("button", { type: "button", class: kind, on: { click: () => this.onAll(action) } }, label);
    fill(this.acts, held > 0 && [
      isHeld(this.filter) && may("operator") && [all("approve", "Approve all that match…", ""), all("reject", "Reject all that match…", "danger")],
      h("a.button", { href: `/batches/${encodeURIComponent(this.batch)}/review` }, "Review what is held"),
    ]);
  }
}
