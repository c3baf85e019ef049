/** Arrangement: which panes a mode shows of an item, and what is in each. */

import { afterOf, facesOf } from "./files.js";

/**
 * One pane's contents.
 * @typedef {{ after: import("./files.js").Face | null, label: string, right: string,
 *   masked: boolean, wiped: boolean, variant: number }} Content `after` covers the source, where it
 *   is not null; `label` and `right` are what is written in the corners.
 */

/**
 * What the chosen mode comes to for an item: with one variant there is nothing to choose from, and
 * where nobody chose, a mask that waits is seen over its source.
 */
export function modeFor(item, mode) {
  if (!mode) return item.held?.stage === "mask" ? "mask" : "wipe";
  const variants = facesOf(item).length - 2;
  return mode === "variants" && variants < 2 ? "side" : mode;
}

/**
 * The panes of an item, source first.
 * @returns {Content[]}
 */
export function arranged(item, mode, variant) {
  const after = afterOf(item, variant);
  if (!after) return [content(null)];
  return ARRANGED[modeFor(item, mode)](after, item);
}

const ARRANGED = {
  wipe: (after) => [content(after, { label: "Source", right: after.label, wiped: true })],
  side: (after) => [content(null), content(after)],
  flip: (after) => [content(after)],
  mask: () => [content(null, { label: "Mask over source", masked: true })],
  variants: (_, item) => [content(null), ...facesOf(item).slice(2).map((face) => content(face))],
};

function content(after, changes = {}) {
  const label = after ? after.label : "Source";
  const variant = after?.name.startsWith("v") ? Number(after.name.slice(1)) : 0;
  return { after, label, right: "", masked: false, wiped: false, variant, ...changes };
}
