/** Sheet: one face of an item, drawn at once from its thumbnail and then from the full picture. */

import { h } from "../dom.js";

/** A window over the whole pane, and in it the picture, placed as the camera says. */
export class Sheet {
  #canvas = h("canvas");
  #image = h("img", { alt: "", hidden: true, draggable: "false", decoding: "async" });
  #shown = "";

  constructor() {
    this.picture = h("div.sheet", {}, this.#canvas, this.#image);
    this.element = h("div.window", { role: "img" }, this.picture);
  }

  /**
   * Show a face of an item.
   * @param {string} label for screen readers
   * @param {import("./pictures.js").Strip | null} strip
   * @param {import("./files.js").Face} face
   * @param {{ url: string, ready?: object, load: () => Promise<object> }} full the full picture
   */
  show(label, strip, face, { url, ready, load }) {
    this.element.setAttribute("aria-label", label);
    this.#canvas.hidden = !strip;
    strip?.draw(this.#canvas, face.tile);
    if (this.#shown === url && !this.#image.hidden) return;
    this.#shown = url;
    if (ready) return this.#put(url);
    this.#image.hidden = true;
    load().then(() => this.#shown === url && this.#put(url), () => {});
  }

  /** Place it: CSS pixels, and the size of the fitted picture. */
  place({ left, top, scale }, { fitWidth, fitHeight }, crisp) {
    const { style } = this.picture;
    style.width = `${fitWidth}px`;
    style.height = `${fitHeight}px`;
    style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.picture.classList.toggle("crisp", crisp);
  }

  #put(url) {
    if (this.#image.getAttribute("src") !== url) this.#image.src = url;
    this.#image.hidden = false;
  }
}
