/** Overlay: what is drawn over a picture: the mask in a tint, and the squares that were painted. */

import { h } from "../dom.js";
import { greyOf, tintMasked } from "./probability.js";

const SVG = "http://www.w3.org/2000/svg";
/** Longer side in pixels at which a stored mask is drawn. */
const WORKING_PX = 1024;
/** Tints that stand out from most garments; a person may go through them. */
export const TINTS = { red: [255, 45, 85], green: [0, 214, 120], blue: [30, 120, 255] };

/** A transparent layer in a pane, placed like the pictures under it. */
export class Overlay {
  #mask = h("canvas", { hidden: true });
  #squares = document.createElementNS(SVG, "svg");

  constructor() {
    this.#squares.setAttribute("preserveAspectRatio", "none");
    this.picture = h("div.sheet", {}, this.#mask, this.#squares);
    this.element = h("div.window.overlay", { "aria-hidden": "true" }, this.picture);
  }

  /** Take the mask away. */
  clear() {
    this.#mask.hidden = true;
  }

  /** Draw a mask: `paint(canvas)` does it. */
  draw(paint) {
    paint(this.#mask);
    this.#mask.hidden = false;
  }

  /**
   * Outline the squares that were painted.
   * @param {{ left: number, top: number, side: number }[]} crops in pixels of the source
   * @param {{ width: number, height: number }} size of the source in pixels
   */
  outline(crops, { width, height }) {
    this.#squares.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#squares.replaceChildren(...crops.map(square));
  }

  place({ left, top, scale }, { fitWidth, fitHeight }) {
    const { style } = this.picture;
    style.width = `${fitWidth}px`;
    style.height = `${fitHeight}px`;
    style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  }
}

/**
 * A grey picture's values, at most of the working size.
 * @typedef {{ values: Uint8Array, width: number, height: number }} Grey
 * @returns {Grey}
 */
export function greyPicture(drawable, { width, height }) {
  const shrunk = Math.min(1, WORKING_PX / Math.max(width, height));
  const [across, down] = [Math.max(1, Math.round(width * shrunk)), Math.max(1, Math.round(height * shrunk))];
  return { values: greyOf(drawable, across, down), width: across, height: down };
}

/** Draw a stored mask, white where it repaints, in a tint. */
export function paintStored(canvas, { values, width, height }, tint) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  tintMasked(values, width, MASKED_FROM, tint, picture.data.buffer);
  context.putImageData(picture, 0, 0);
}

/** Every value but black is masked; JPEG thumbnails carry noise around black. */
const MASKED_FROM = 24;

function square({ left, top, side }) {
  const drawn = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x: left, y: top, width: side, height: side })) {
    drawn.setAttribute(name, String(value));
  }
  return drawn;
}
