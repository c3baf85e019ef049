/** Strip: single pictures out of an item's one strip of thumbnails. */

import { fill, h } from "../dom.js";

const SOURCE = 0;
const MASK = 1;

/** Pictures that a tile shows: the source, and what became of it (or its mask over it). */
export function partsOf(tile, view) {
  if (tile.tiles < 2) return [];
  const painted = tile.tiles > 2 ? MASK + (tile.picked ?? 1) : "overlay";
  if (view === "overlay") return ["overlay"];
  return view === "single" ? [painted] : [SOURCE, painted];
}

/**
 * Show parts of a strip in a frame once it is loaded.
 *
 * @returns {Promise<boolean>} whether there is a strip.
 */
export async function show(frame, url, { tiles }, parts) {
  const strip = await load(url);
  if (!strip) return false;
  const aspect = strip.naturalWidth / tiles / strip.naturalHeight;
  fill(frame, parts.map((part) => h("span.cell", {}, picture(url, part, tiles, aspect))));
  return true;
}

function picture(url, part, tiles, aspect) {
  const isOverlay = part === "overlay";
  return h("span.thumb", { style: { "--aspect": aspect }, class: isOverlay ? "masked" : "" },
    piece(url, isOverlay ? SOURCE : part, tiles), isOverlay && tint(url, tiles));
}

function piece(url, at, tiles) {
  return h("span.piece", { style: {
    "background-image": `url("${url}")`, "background-size": `${tiles * 100}% 100%`, "background-position": `${place(at, tiles)}% 0`,
  } });
}

/** The mask, as colour over the source, which is nearly grey there: no garment looks like it. */
function tint(url, tiles) {
  return h("span.tint", { style: {
    "mask-image": `url("${url}")`, "mask-size": `${tiles * 100}% 100%`, "mask-position": `${place(MASK, tiles)}% 0`,
  } });
}

function place(at, tiles) {
  return tiles > 1 ? (at / (tiles - 1)) * 100 : 0;
}

async function load(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}
