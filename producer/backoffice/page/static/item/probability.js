/** ProbabilityMap: how sure the segmenter was of each pixel; masks at any threshold from it. */

/** Longer side in pixels that the map is enlarged to before it is cut, so that edges are smooth. */
const WORKING_PX = 1024;
const LEVELS = 256;

/** An 8-bit grey picture whose values are probabilities, 255 = certain. */
export class ProbabilityMap {
  #reach;
  #bitmap;
  #values = null;

  /** @param {ImageBitmap} bitmap */
  constructor(bitmap) {
    this.#reach = reachOf(greyOf(bitmap, bitmap.width, bitmap.height));
    const enlarged = Math.max(1, WORKING_PX / Math.max(bitmap.width, bitmap.height));
    this.width = Math.round(bitmap.width * enlarged);
    this.height = Math.round(bitmap.height * enlarged);
    this.#bitmap = bitmap;
  }

  /**
   * Fetch and decode one, its values untouched by colour profiles.
   * @param {string} url
   * @param {AbortSignal} [signal]
   */
  static async load(url, signal) {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw new Error(`the map is not there (${answer.status})`);
    const plain = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    return new ProbabilityMap(await createImageBitmap(await answer.blob(), plain));
  }

  /** The fraction of the picture that a threshold (0 to 1) masks, before any growth. */
  coverage(threshold) {
    return this.#reach[levelOf(threshold)];
  }

  /**
   * Draw what a threshold masks, with a bright outline.
   * @param {HTMLCanvasElement} canvas takes the map's working size
   * @param {number} threshold 0 to 1
   * @param {[number, number, number]} tint
   */
  paint(canvas, threshold, tint) {
    Object.assign(canvas, { width: this.width, height: this.height });
    const context = canvas.getContext("2d");
    const picture = context.createImageData(this.width, this.height);
    // Enlarged when the slider first moves: few items are tried at another threshold.
    this.#values ??= greyOf(this.#bitmap, this.width, this.height);
    tintMasked(this.#values, this.width, levelOf(threshold), tint, picture.data.buffer);
    context.putImageData(picture, 0, 0);
  }
}

/** The least value of a map that a threshold lets through. */
export function levelOf(threshold) {
  return Math.min(LEVELS, Math.max(0, Math.ceil(threshold * 255 - 1e-9)));
}

/** A drawable's red channel, scaled: what a grey picture's values are. */
export function greyOf(drawable, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(drawable, 0, 0, width, height);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const values = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 1) values[i] = pixels[i] & 255;
  return values;
}

/** For each level, the fraction of values that reach it; one more level that none reaches. */
function reachOf(values) {
  const counts = new Float64Array(LEVELS + 1);
  for (const value of values) counts[value] += 1;
  for (let level = LEVELS - 1; level >= 0; level -= 1) counts[level] += counts[level + 1];
  return counts.map((count) => count / values.length);
}

/** Fill RGBA with a tint where values reach a level, solid along the edge; one tight loop. */
export function tintMasked(values, width, level, tint, buffer) {
  const pixels = new Uint32Array(buffer);
  const inner = rgba(tint, 132);
  const edge = rgba(tint, 255);
  for (let i = 0; i < pixels.length; i += 1) {
    if (values[i] < level) continue;
    const atEdge =
      values[i - 1] < level || values[i + 1] < level || values[i - width] < level || values[i + width] < level;
    pixels[i] = atEdge ? edge : inner;
  }
}

function rgba([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
