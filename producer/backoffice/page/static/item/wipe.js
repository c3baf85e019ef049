/** Wipe: a divider over two pictures; left of it the source shows, right of it what became of it. */

import { h } from "../dom.js";

/** How far an arrow key moves the divider, in hundredths of the pane. */
const STEP = 2;
const LARGE_STEP = 10;

const MOVES = {
  ArrowLeft: (at) => at - STEP,
  ArrowDown: (at) => at - STEP,
  ArrowRight: (at) => at + STEP,
  ArrowUp: (at) => at + STEP,
  PageDown: (at) => at - LARGE_STEP,
  PageUp: (at) => at + LARGE_STEP,
  Home: () => 0,
  End: () => 100,
};

/** The divider of one pane; moved by pointer, touch and keys, and kept from item to item. */
export class Wipe {
  #at = 50;
  #cover;

  /** @param {HTMLElement} cover the upper picture's window, which is clipped */
  constructor(cover) {
    this.#cover = cover;
    this.element = h("div.wipe", {
      role: "slider", tabindex: "0", "aria-label": "Wipe between source and result",
      "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal",
      on: { keydown: (event) => this.#press(event), dblclick: (event) => this.#centre(event) },
    }, h("span.grip"));
    this.#show();
  }

  /** Move it to a point of the pane, 0 left to 1 right. */
  moveTo(fraction) {
    this.#at = Math.min(100, Math.max(0, fraction * 100));
    this.#show();
  }

  /** Clip the upper picture, or leave it whole where the wipe is not in use. */
  set active(yes) {
    this.element.hidden = !yes;
    this.#cover.style.clipPath = yes ? `inset(0 0 0 ${this.#at}%)` : "";
  }

  get active() {
    return !this.element.hidden;
  }

  #press(event) {
    const move = MOVES[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.moveTo(move(this.#at) / 100);
  }

  #centre(event) {
    event.stopPropagation();
    this.moveTo(0.5);
  }

  #show() {
    this.element.style.left = `${this.#at}%`;
    this.element.setAttribute("aria-valuenow", String(Math.round(this.#at)));
    this.element.setAttribute("aria-valuetext", `source on the left ${Math.round(this.#at)} %`);
    this.active = this.active;
  }
}
