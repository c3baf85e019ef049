/** Pane: one view of an item: its source below, what it is compared with above, and an overlay. */

import { h, tell } from "../dom.js";
import { Overlay } from "./overlay.js";
import { Sheet } from "./sheet.js";

/** A box that pictures are looked at in; all panes of a stage follow one camera. */
export class Pane {
  before = new Sheet();
  after = new Sheet();
  overlay = new Overlay();
  #beforeLabel = h("span.tag.left");
  #afterLabel = h("span.tag.right");

  constructor() {
    this.element = h("div.pane", {}, this.before.element, this.after.element, this.overlay.element);
    this.element.append(this.#beforeLabel, this.#afterLabel);
  }

  /** Say what is shown; an empty text hides its label. */
  label(before, after) {
    this.#tag(this.#beforeLabel, before);
    this.#tag(this.#afterLabel, after);
  }

  /** Whether the upper picture is shown; beneath it lies the source. */
  set covered(shown) {
    this.after.element.hidden = !shown;
    this.before.element.setAttribute("aria-hidden", String(shown && this.whole));
  }

  /** Whether the upper picture hides all of the lower one. */
  whole = true;

  place(placement, frame, crisp) {
    this.before.place(placement, frame, crisp);
    this.after.place(placement, frame, crisp);
    this.overlay.place(placement, frame);
  }

  #tag(element, text) {
    element.hidden = !text;
    tell(element, text);
  }
}
