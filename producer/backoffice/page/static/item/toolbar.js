/** Toolbar: the ways to compare and the zoom, as buttons for pointers and fingers. */

import { h, icon, tell } from "../dom.js";
import { button } from "../keys.js";

const NAMES = { wipe: "Wipe", side: "Side by side", flip: "Flip", mask: "Mask", variants: "All variants" };
const SQUARE = "M2.5 2.5h11v11h-11z M5.5 2.5v11 M2.5 5.5h11";

/** Follows the mode and the camera. */
export class Toolbar {
  #camera;
  #modes = new Map();
  #percent = h("output.percent", { "aria-label": "Zoom" });
  #fit = button("fit", "Fit", { class: "quiet" });
  #actual = button("actual", "1:1", { class: "quiet" });
  #squares = button("squares", [icon(SQUARE), h("span.wide", {}, "Squares")], { class: "quiet", "aria-pressed": "false", "aria-label": "Painted squares" });

  /** @param {{ camera: object, signal: AbortSignal, onMode: (mode: string) => void, onHold: (held: boolean) => void }} parts */
  constructor({ camera, signal, onMode, onHold }) {
    this.#camera = camera;
    camera.addEventListener("change", () => this.#showZoom(), { signal });
    for (const [mode, label] of Object.entries(NAMES)) {
      this.#modes.set(mode, h("button", { type: "button", "aria-pressed": "false", on: { click: () => onMode(mode) } }, label));
    }
    this.element = h("div.tools", { role: "toolbar", "aria-label": "View" },
      h("div.segments", { role: "group", "aria-label": "Way to compare" }, ...this.#modes.values()),
      holding(onHold), h("span.grow"), this.#squares, this.#zooms());
  }

  /** Show which mode is on; modes that the item has nothing for are hidden. */
  show(mode, hasVariants) {
    for (const [name, made] of this.#modes) made.setAttribute("aria-pressed", String(name === mode));
    this.#modes.get("variants").hidden = !hasVariants;
  }

  set squares(shown) {
    this.#squares.setAttribute("aria-pressed", String(shown));
  }

  #zooms() {
    return h("div.row.zooms", { role: "group", "aria-label": "Zoom" },
      button("zoom-out", "−", { class: "quiet square plain", "aria-label": "Zoom out" }), this.#percent,
      button("zoom-in", "+", { class: "quiet square plain", "aria-label": "Zoom in" }), this.#fit, this.#actual);
  }

  #showZoom() {
    tell(this.#percent, `${Math.round(this.#camera.percent * 100)} %`);
    this.#fit.setAttribute("aria-pressed", String(this.#camera.fitted));
    this.#actual.setAttribute("aria-pressed", String(this.#camera.actual));
  }
}

/** A button that shows the source for as long as it is held. */
function holding(onHold) {
  const down = (event) => {
    event.target.setPointerCapture(event.pointerId);
    onHold(true);
  };
  const up = () => onHold(false);
  const held = (event) => event.key === " " || event.key === "Enter";
  return button("hold", "Hold for source", {
    class: "hold", on: {
      pointerdown: down, pointerup: up, pointercancel: up, blur: up, click: (event) => event.preventDefault(),
      keydown: (event) => held(event) && onHold(true), keyup: (event) => held(event) && up(),
      contextmenu: (event) => event.preventDefault(),
    },
  });
}
