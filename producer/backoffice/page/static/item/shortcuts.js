/** Shortcuts: the viewer's keys, as the sheet of keys shows them and a person may bind them anew. */

import { bind } from "../keys.js";

/** Pixels that Shift with an arrow moves the picture by. */
const PAN_PX = 80;

/**
 * Bind them for as long as the viewer is open.
 * @param {AbortSignal} signal
 * @param {object} viewer does what the keys ask for
 */
export function bindShortcuts(signal, viewer) {
  const of = (group) => ([id, label, keys, run]) => ({ id, label, group, keys: [keys].flat(), run });
  bind(signal, [
    ...reviewing(viewer).map(of("Review")), ...moving(viewer).map(of("Go")),
    ...looking(viewer).map(of("Look")), ...choosing(viewer).map(of("Variants")),
  ]);
}

function reviewing({ review, askWhy }) {
  return [
    ["approve", "Approve", "p", () => review.approve()],
    ["reject", "Reject, then 1 to 5 for the reason", "x", askWhy],
    ["undo", "Undo the last decision", "u", () => review.undo()],
  ];
}

function moving({ next, previous, leave, toggleAdvance }) {
  return [
    ["next", "Next item", "arrowright", next],
    ["previous", "Previous item", "arrowleft", previous],
    ["advance", "Go on after a decision, or stay", "a", toggleAdvance],
    ["leave", "Back to the gallery", "escape", leave],
  ];
}

function looking({ nextMode, camera, hold, toggleSquares, nextTint, toThreshold }) {
  const pan = (x, y) => () => camera.panBy(x * PAN_PX, y * PAN_PX);
  return [
    ["mode", "Next way to compare", "m", nextMode],
    ["hold", "Show the source while held", [" ", "f"], hold],
    ["zoom-in", "Zoom in", ["+", "="], () => camera.zoomBy(1.5)],
    ["zoom-out", "Zoom out", "-", () => camera.zoomBy(1 / 1.5)],
    ["fit", "Fit the whole picture", "0", () => camera.fit()],
    ["actual", "One to one", "z", () => (camera.actual ? camera.fit() : camera.showActual())],
    ["pan-left", "Move left", "shift+arrowleft", pan(1, 0)],
    ["pan-right", "Move right", "shift+arrowright", pan(-1, 0)],
    ["pan-up", "Move up", "shift+arrowup", pan(0, 1)],
    ["pan-down", "Move down", "shift+arrowdown", pan(0, -1)],
    ["squares", "Show the painted squares", "o", toggleSquares],
    ["tint", "Next tint of the mask", "c", nextTint],
    ["threshold", "To the threshold", "t", toThreshold],
  ];
}

function choosing({ choose, chooseBy, pick }) {
  const digits = Array.from({ length: 9 }, (_, at) => String(at + 1));
  return [
    ["variant-before", "Variant before", "[", () => chooseBy(-1)],
    ["variant-after", "Variant after", "]", () => chooseBy(1)],
    ["variant", "Variant 1 to 9", digits, (event) => choose(Number(event.key))],
    ["pick", "Pick the variant that is shown", "v", pick],
  ];
}
