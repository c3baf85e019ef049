/** Variants: the tiles of an item, to choose which face is looked at and to pick one of several. */

import { fill, h } from "../dom.js";
import { button } from "../keys.js";
import { facesOf } from "./files.js";

/** A row of tiles below the pictures; hidden where there is nothing to choose from. */
export class Variants {
  #onChoose;
  #tiles = h("div.tiles", { role: "radiogroup", "aria-label": "Variant" });
  #says = h("span.soft.small");
  #pick = button("pick", "Pick it");

  /** @param {(variant: number) => void} onChoose */
  constructor(onChoose) {
    this.#onChoose = onChoose;
    this.element = h("div.variants", {}, this.#tiles, h("div.row", {}, this.#pick, this.#says));
  }

  /** Show an item's variants with one of them chosen. */
  show(item, chosen, strip) {
    const faces = facesOf(item).slice(2);
    this.element.hidden = faces.length < 2;
    if (this.element.hidden) return fill(this.#tiles);
    fill(this.#tiles, faces.map((face, at) => this.#tile(face, at + 1, { item, chosen, strip })));
    fill(this.#says, item.picked ? `Picked: variant ${item.picked}` : "None is picked yet");
    this.#pick.disabled = item.picked === chosen;
  }

  #tile(face, variant, { item, chosen, strip }) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    strip?.draw(canvas, face.tile);
    const picked = item.picked === variant;
    return h("button.tile", {
      type: "button", role: "radio", "aria-checked": String(variant === chosen), tabindex: variant === chosen ? "0" : "-1",
      "aria-label": `${face.label}${picked ? ", picked" : ""}`, class: picked ? "picked" : "",
      on: { click: () => this.#onChoose(variant), keydown: (event) => this.#press(event, variant) },
    }, canvas, h("span", {}, picked ? `✓ ${variant}` : String(variant)));
  }

  /** Arrows choose among the tiles, as radio buttons do, and do not move on to another item. */
  #press(event, variant) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const count = this.#tiles.children.length;
    this.#onChoose(((variant - 1 + step + count) % count) + 1);
    this.#tiles.querySelector("[aria-checked=true]")?.focus();
  }
}
