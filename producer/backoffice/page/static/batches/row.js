/** BatchRow: one batch in the list, updated in place. */

import { fill, h, tell } from "../dom.js";
import { ago, counted, moment, number } from "../format.js";
import { meter, pace, phaseChip, showMeter } from "../meter.js";

export class BatchRow {
  constructor(batch) {
    const path = `/batches/${encodeURIComponent(batch)}`;
    this.path = path;
    this.name = h("a.name", { href: path }, batch);
    this.chips = h("span.row");
    this.when = h("span.soft.small.clip");
    this.bar = meter();
    this.pace = h("span.small");
    this.note = h("span.small.soft.clip");
    this.call = h("div.call");
    this.element = h("li.batch", {},
      h("div.who-what", {}, h("div.row", {}, this.name, this.chips), this.when),
      h("div.how-far", {}, this.bar, h("div.row", {}, this.pace, this.note)), this.call);
  }

  /** Show how it stands. */
  show(batch) {
    fill(this.chips, phaseChip(batch), batch.parent && h("span.chip", { title: `Rendered again from ${batch.parent}` }, "again"));
    tell(this.when, `${batch.style} · ${ago(batch.submitted_at)}`);
    this.when.title = moment(batch.submitted_at);
    showMeter(this.bar, batch);
    tell(this.pace, pace(batch));
    tell(this.note, batch.pause_note || troubles(batch));
    this.#invite(batch.counts.held);
  }

  /** What waits for a person is what they came for. */
  #invite(held) {
    if (this.call.dataset.held === String(held)) return;
    this.call.dataset.held = held;
    fill(this.call, held > 0 && h("a.button.primary", { href: `${this.path}/review` },
      `Review ${number(held)}`, h("span.hushed", {}, ` held of ${this.name.textContent}`)));
  }
}

function troubles({ counts }) {
  return [counts.failed && counted(counts.failed, "failure"), counts.rejected && `${number(counts.rejected)} rejected`]
    .filter(Boolean).join(", ");
}
