/** Pictures: decoded thumbnails and full pictures, kept in bounded caches. */

import { fileUrl, facesOf, hasFile } from "./files.js";
import { greyPicture } from "./overlay.js";
import { Shelf } from "./shelf.js";

/** Strips kept decoded: about 2 MB each. */
const STRIPS = 24;
/** Full pictures kept: those of an item with variants, and of the next one. */
const FULLS = 10;
const MAPS = 8;
const MASK_TILE = 1;

/** The strip of an item's thumbnails, decoded. */
export class Strip {
  #mask = null;

  /** @param {ImageBitmap} bitmap @param {number} tiles how many pictures stand side by side */
  constructor(bitmap, tiles) {
    this.bitmap = bitmap;
    this.tileWidth = bitmap.width / tiles;
    this.height = bitmap.height;
  }

  /** Draw one tile over the whole of a canvas. */
  draw(canvas, tile) {
    const width = Math.round(this.tileWidth);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== this.height) canvas.height = this.height;
    const context = canvas.getContext("2d");
    context.drawImage(this.bitmap, tile * this.tileWidth, 0, this.tileWidth, this.height, 0, 0, width, this.height);
  }

  /** The values of the mask's tile, read once: reading pixels back takes longer than a frame. */
  get mask() {
    if (!this.#mask) {
      const canvas = new OffscreenCanvas(1, 1);
      this.draw(canvas, MASK_TILE);
      this.#mask = greyPicture(canvas, canvas);
    }
    return this.#mask;
  }
}

/** All pictures of a batch that were looked at lately or will be soon. */
export class Pictures {
  #batch;
  #strips = new Shelf(STRIPS);
  #fulls = new Shelf(FULLS);
  #maps = new Shelf(MAPS);

  /** @param {string} batch */
  constructor(batch) {
    this.#batch = batch;
  }

  /** An item's strip where it is decoded already. */
  readyStrip(item) {
    return this.#strips.peek(fileUrl(this.#batch, item, "thumbnails"));
  }

  /** An item's strip; null where it has none. */
  async strip(item) {
    if (!hasFile(item, "thumbnails")) return null;
    const url = fileUrl(this.#batch, item, "thumbnails");
    return this.#strips.get(url, async (signal) => new Strip(await bitmapOf(url, signal), facesOf(item).length));
  }

  /** Where the full picture of a face is. */
  url(item, name) {
    return fileUrl(this.#batch, item, name);
  }

  /** A full picture, loaded and decoded: its address and its size in pixels. */
  full(item, name) {
    const url = fileUrl(this.#batch, item, name);
    return this.#fulls.get(url, (signal) => decoded(url, signal));
  }

  /** The full picture where it is decoded already. */
  readyFull(item, name) {
    return this.#fulls.peek(fileUrl(this.#batch, item, name));
  }

  /** Something made of an item's probability map, made once. */
  map(item, make) {
    const url = fileUrl(this.#batch, item, "map");
    return this.#maps.get(url, (signal) => make(url, signal));
  }

  clear() {
    for (const shelf of [this.#strips, this.#fulls, this.#maps]) shelf.clear();
  }
}

async function bitmapOf(url, signal) {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`the thumbnails are not there (${answer.status})`);
  return createImageBitmap(await answer.blob());
}

async function decoded(url, signal) {
  const image = new Image();
  signal.addEventListener("abort", () => image.removeAttribute("src"));
  image.src = url;
  await image.decode();
  return { url, image, width: image.naturalWidth, height: image.naturalHeight };
}
