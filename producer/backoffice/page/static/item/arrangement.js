/** Arrangement: which panes a mode shows of an item, and what is in each. */

import { afterOf, facesOf } from "./files.js";

/**
 * One pane's contents.
 * @typedef {{ after: import("./files.js").Face | null, before: string, label: string,
 *   masked: boolean, wiped: boolean, variant: number }} Content `after` covers the source, where it
 *   is not null; `before` and `label` are what is written left and right.
 */

/** What the chosen mode comes to for an item: without variants there is nothing to lay out. */
export function modeFor(item, mode) {
  const variants = facesOf(item).length - 2;
  return mode === "variants" && variants < 1 ? "side" : mode;
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
  wipe: (after) => [content(after, { before: "Source", wiped: true })],
  side: (after) => [content(null), content(after)],
  flip: (after) => [content(after)],
  mask: () => [content(null, { label: "Mask over source", masked: true })],
  variants: (_, item) => [content(null), ...facesOf(item).slice(2).map((face) => content(face))],
};

function content(after, changes = {}) {
  const label = after ? after.label : "Source";
  const variant = after?.name.startsWith("v") ? Number(after.name.slice(1)) : 0;
  return { after, before: "", label, masked: false, wiped: false, variant, ...changes };
}
