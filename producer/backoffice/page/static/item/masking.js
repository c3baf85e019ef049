/** Masking: the mask over the picture: the stored one, or what another threshold would find. */

import { set } from "../dom.js";
import { hasFile } from "./files.js";
import { greyPicture, paintStored, TINTS } from "./overlay.js";
import { painted } from "./painted.js";
import { ProbabilityMap } from "./probability.js";

const KEPT = "restyle.tint";

/** What is drawn in mask mode; sends `change` when it must be drawn again, `map` when one is there. */
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
    if (!hasFile(item, "mask")) return overlay.clear();
    this.#drawTile(overlay, TINTS[this.#tint]);
    await painted();
    const full = item === this.#item && (await this.#pictures.full(item, "mask").catch(() => null));
    if (full && item === this.#item && this.threshold === null) {
      full.grey ??= greyPicture(full.image, full);
      overlay.draw((canvas) => paintStored(canvas, full.grey, TINTS[this.#tint]));
    }
  }

  /** The thumbnail of the mask, which is there before the mask itself. */
  #drawTile(overlay, tint) {
    if (this.#strip) overlay.draw((canvas) => paintStored(canvas, this.#strip.mask, tint));
    else overlay.clear();
  }

  async #load(item) {
    await painted();
    if (item !== this.#item) return;
    const map = await this.#pictures.map(item, (url, signal) => ProbabilityMap.load(url, signal)).catch(() => null);
    if (item.number !== this.#item.number || map === this.map) return;
    this.map = map;
    this.dispatchEvent(new Event("map"));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Show a tint's colour on an element. */
export function paintSwatch(element, tint) {
  set(element, { style: { "background-color": `rgb(${TINTS[tint].join(" ")})` } });
}
