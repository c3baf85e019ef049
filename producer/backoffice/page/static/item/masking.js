/** Masking: the mask over the picture: the stored one, or what another threshold would find. */

import { set } from "../dom.js";
import { hasFile } from "./files.js";
import { paintStored, TINTS } from "./overlay.js";
import { ProbabilityMap } from "./probability.js";

const KEPT = "restyle.tint";

/** What is drawn in mask mode; sends `change` when it must be drawn again. */
export class Masking extends EventTarget {
  #pictures;
  #item = null;
  #strip = null;
  #tint = localStorage.getItem(KEPT) in TINTS ? localStorage.getItem(KEPT) : "red";
  /** The threshold that is previewed, 0 to 1; null while the stored mask is shown. */
  threshold = null;
  /** @type {ProbabilityMap | null} */
  map = null;

  /** @param {import("./pictures.js").Pictures} pictures */
  constructor(pictures) {
    super();
    this.#pictures = pictures;
  }

  get tint() {
    return this.#tint;
  }

  /** Take an item; its map is loaded beforehand, so that the first move of the slider shows. */
  show(item, strip) {
    const another = item.number !== this.#item?.number;
    Object.assign(this, another ? { threshold: null, map: null } : {});
    this.#item = item;
    this.#strip = strip;
    if (hasFile(item, "map")) this.#load(item);
  }

  /** Preview a threshold; null shows the stored mask again. */
  preview(threshold) {
    this.threshold = threshold;
    this.#changed();
  }

  /** Go on to the next tint. */
  nextTint() {
    const names = Object.keys(TINTS);
    this.#tint = names[(names.indexOf(this.#tint) + 1) % names.length];
    localStorage.setItem(KEPT, this.#tint);
    this.#changed();
  }

  /**
   * Draw over a pane.
   * @param {import("./overlay.js").Overlay} overlay
   */
  async draw(overlay) {
    const [item, threshold, tint] = [this.#item, this.threshold, TINTS[this.#tint]];
    if (threshold !== null && this.map) return overlay.draw((canvas) => this.map.paint(canvas, threshold, tint));
    const stored = this.#stored(item);
    if (!stored) return overlay.clear();
    overlay.draw((canvas) => paintStored(canvas, stored.drawable, stored, tint));
    if (stored.full) return;
    const full = await this.#pictures.full(item, "mask").catch(() => null);
    const wanted = full && item === this.#item && this.threshold === null;
    if (wanted) overlay.draw((canvas) => paintStored(canvas, full.image, full, TINTS[this.#tint]));
  }

  /** The stored mask as it is at hand: the full one, else the thumbnail. */
  #stored(item) {
    if (!hasFile(item, "mask")) return null;
    const full = this.#pictures.readyFull(item, "mask");
    if (full) return { ...full, drawable: full.image, full: true };
    if (!this.#strip) return { drawable: new OffscreenCanvas(1, 1), width: 1, height: 1 };
    const drawable = this.#strip.cut(1);
    return { drawable, width: drawable.width, height: drawable.height };
  }

  async #load(item) {
    const map = await this.#pictures.map(item, (url, signal) => ProbabilityMap.load(url, signal)).catch(() => null);
    if (item.number !== this.#item.number) return;
    this.map = map;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Show a tint's colour on an element. */
export function paintSwatch(element, tint) {
  set(element, { style: { "background-color": `rgb(${TINTS[tint].join(" ")})` } });
}
