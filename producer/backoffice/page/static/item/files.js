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
  if (hasFile(item, "mask")) found.push({ name: "mask", label: "Mask", tile: 1 });
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
  // A source is the same whatever becomes of its item; all else may be kept under the item's mark.
  const kept = name === "source" ? {} : { v: item.mark };
  return address(batchPath(batch, "items", item.number, "files", name), kept);
}

/** Whether an item has a file of that name. */
export function hasFile(item, name) {
  return Boolean(storedAddress(item, name));
}

function storedAddress(item, name) {
  const [painted, { held }] = [paintedOf(item), item];
  if (name === "thumbnails") return painted?.thumbnails ?? held?.thumbnails;
  // Beside a result lies the map of a mask that was found, which has a gate.
  if (name === "map") return held?.map ?? painted?.gate;
  return painted?.mask ?? (held?.mask ?? item.frozen ?? item.spec.frozen)?.address ?? item.spec.mask;
}
