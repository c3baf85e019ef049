/** Pane: one view of an item: its source below, what it is compared with above, and an overlay. */

import { h, tell } from "../dom.js";
import { Overlay } from "./overlay.js";
import { Sheet } from "./sheet.js";

/** A box that pictures are looked at in; all panes of a stage follow one camera. */
export class Pane {
  before = new Sheet();
  after = new Sheet();
  overlay = new Overlay();
  #leftLabel = h("span.tag.left");
  #rightLabel = h("span.tag.right");

  constructor() {
    this.element = h("div.pane", {}, this.before.element, this.after.element, this.overlay.element);
    this.element.append(this.#leftLabel, this.#rightLabel);
  }

  /** Say what is shown; an empty text hides its label. */
  label(left, right) {
    this.#tag(this.#leftLabel, left);
    this.#tag(this.#rightLabel, right);
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
