/** Files: what there is to look at of an item, and where each picture's bytes are. */

import { address, batchPath } from "../api.js";

/**
 * One picture of an item.
 * @typedef {{ name: string, label: string, tile: number }} Face `name` as in the API's `files`,
 *   `tile` its place in the strip of thumbnails.
 */

/** What was painted for an item, published or waiting for a person; null where nothing is. */
export function paintedOf(item) {
  return item.result ?? item.held?.result ?? null;
}

/** How many pictures were painted for an item. */
export function countVariants(item) {
  return paintedOf(item)?.variants.length ?? 0;
}

/**
 * The faces of an item, source first.
 * @returns {Face[]}
 */
export function facesOf(item) {
  const variants = paintedOf(item)?.variants ?? [];
  const found = [{ name: "source", label: "Source", tile: 0 }];
  if (variants.length || item.held?.mask) found.push({ name: "mask", label: "Mask", tile: 1 });
  variants.forEach((_, at) => found.push({ name: `v${at + 1}`, label: `Variant ${at + 1}`, tile: at + 2 }));
  return found;
}

/** The face that the source is compared with: the chosen variant, else the mask, else none. */
export function afterOf(item, variant) {
  const faces = facesOf(item);
  return faces.find(({ name }) => name === `v${variant}`) ?? faces[2] ?? faces[1] ?? null;
}

/** Where the API gives a file of an item, by the name of a face, or `map` or `thumbnails`. */
export function fileUrl(batch, item, name) {
  const stored = storedAddress(item, name);
  const version = stored ? { of: digestOf(stored) } : {};
  return address(batchPath(batch, "items", item.number, "files", name), version);
}

/** Whether an item has a file of that name. */
export function hasFile(item, name) {
  return storedAddress(item, name) !== null;
}

function storedAddress(item, name) {
  const painted = paintedOf(item);
  if (name === "source") return item.spec.source;
  if (name === "thumbnails") return painted?.thumbnails ?? item.held?.thumbnails ?? null;
  if (name === "map") return item.held?.map ?? mapBeside(painted);
  if (name === "mask") return painted?.mask ?? item.held?.mask?.address ?? null;
  return painted?.variants[Number(name.slice(1)) - 1] ?? null;
}

/** The map lies beside the mask, where text found that; whether it does, its loading tells. */
function mapBeside(painted) {
  return painted ? painted.mask.replace(/\.mask\.png$/, ".map.png") : null;
}

/** A short name of a text: a file that moves gets another address, which no cache confuses. */
function digestOf(text) {
  let sum = 0x811c9dc5;
  for (const sign of text) sum = Math.imul(sum ^ sign.codePointAt(0), 0x01000193);
  return (sum >>> 0).toString(36);
}
