/** Panel: everything about the shown item beside its pictures, the decisions first. */

import { h, tell } from "../dom.js";
import { counted } from "../format.js";
import { button } from "../keys.js";
import { may } from "../session.js";
import { showFacts } from "./facts.js";
import { autoAdvance } from "./settings.js";
import { showTrail } from "./trail.js";
import { showVerdict } from "./verdict.js";
import { whyUndecidable } from "./words.js";

/** What a reviewer reads and presses. */
export class Panel {
  #batch;
  #onUndo;
  #approve = button("approve", "Approve", { class: "approve" });
  #reject = button("reject", "Reject", { class: "danger" });
  #undo = button("undo", "Undo");
  #why = h("p.soft.small.why");
  #saving = h("span.soft.small.saving");
  #advance = h("input", { type: "checkbox", checked: autoAdvance.value, on: { change: () => autoAdvance.set(this.#advance.checked) } });
  #verdict = h("div.verdict");
  #facts = h("div");
  #trail = h("div");

  /**
   * @param {{ batch: string, reasons: object, threshold: object, outbox: object, signal: AbortSignal,
   *   onUndo: Function }} parts
   */
  constructor({ batch, reasons, threshold, outbox, signal, onUndo }) {
    this.#batch = batch;
    this.#onUndo = onUndo;
    autoAdvance.follow((on) => (this.#advance.checked = on), signal);
    outbox.waiting.follow((count) => tell(this.#saving, count ? `Saving ${counted(count, "decision")}…` : ""), signal);
    const dock = h("div.dock", {}, reasons.element, h("div.decisions", { role: "group", "aria-label": "Decision" }, this.#approve, this.#reject, this.#undo));
    this.element = h("aside.panel", { "aria-label": "About the item", tabindex: "0" },
      h("section.part", {}, dock, this.#why,
        h("div.row", {}, h("label.tick.small", {}, this.#advance, "Go on after a decision"), this.#saving), this.#verdict),
      threshold.element, this.#facts, this.#trail);
  }

  /** Show an item under its batch's style. */
  show(item, style) {
    const why = may("operator") ? whyUndecidable(item) : "Your role may look and not decide.";
    for (const one of [this.#approve, this.#reject]) one.setAttribute("aria-disabled", String(Boolean(why)));
    this.#why.textContent = why;
    this.#why.hidden = !why;
    showVerdict(this.#verdict, item, style);
    showFacts(this.#facts, item, style);
    showTrail(this.#trail, { batch: this.#batch, item, onUndo: this.#onUndo });
  }
}
