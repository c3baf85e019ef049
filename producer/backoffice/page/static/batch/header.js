/** Header: which batch, how it stands, and what can be done to it. */

import { fill, h, tell } from "../dom.js";
import { ago, moment } from "../format.js";
import { meter, pace, phaseChip, showMeter } from "../meter.js";
import { showSteering } from "./steering.js";

export class Header {
  /** @param {object} options `batch` (its id), `onSteered()`, `onHistory()`, `onRerender()`. */
  constructor({ batch, ...acts }) {
    this.acts = { ...acts, onDone: acts.onSteered };
    this.chip = h("span.row");
    this.steering = h("div.steering.row");
    this.bar = meter();
    this.pace = h("span");
    this.note = h("p.note", { hidden: true });
    this.about = h("p.soft.small");
    this.element = h("header.batch-header", {},
      h("nav.crumbs", { "aria-label": "Where you are" }, h("a", { href: "/" }, "Batches"), h("span", { "aria-hidden": "true" }, "›"), h("span.clip", {}, batch)),
      h("div.row.title", {}, h("h1", {}, batch), this.chip, h("span.grow"), this.steering),
      this.bar, h("div.row.below", {}, this.pace, this.about), this.note);
  }

  /** Show a summary. */
  show(batch) {
    fill(this.chip, phaseChip(batch));
    showSteering(this.steering, batch, this.acts);
    this.steering.latest = batch;
    showMeter(this.bar, batch);
    tell(this.pace, pace(batch));
    tell(this.note, batch.pause_note);
    this.note.hidden = !batch.pause_note;
  }

  /** Show what does not change: style, output, and the family of renderings. */
  showOrigin({ style, output, submitted_at: at, parent, children }) {
    const link = (batch) => h("a", { href: `/batches/${encodeURIComponent(batch)}` }, batch);
    const parts = [style, h("time", { datetime: at, title: moment(at) }, `submitted ${ago(at)}`), output];
    if (parent) parts.push(["again from ", link(parent)]);
    if (children?.length) parts.push(["rendered again in ", children.flatMap((child, at) => [at ? ", " : "", link(child)])]);
    fill(this.about, parts.flatMap((part, at) => [at ? " · " : "", part]));
  }
}
