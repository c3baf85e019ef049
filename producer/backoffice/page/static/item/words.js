/** Words: what an item waits for, what the gate says, and why a key does nothing. */

import { counted, number, percent } from "../format.js";
import { REJECT_REASONS } from "../states.js";

/** What the gate complains about; its measures and the style's limits fill the sentences. */
const COMPLAINTS = {
  too_large: (gate, style) => `The mask covers ${percent(gate.coverage)} of the picture${limit("at most", style.mask_max_area)}.`,
  too_small: (gate, style) => `The mask covers only ${percent(gate.coverage)} of the picture${limit("at least", style.mask_min_area)}.`,
  uncertain: (gate) => `The segmenter was not sure: its margin is ${gate.margin.toFixed(2)} of 1.`,
  scattered: (gate) => `The mask lies in ${counted(gate.pieces, "piece")}.`,
  at_border: (gate) => `The mask touches ${percent(gate.border)} of the picture's border; something may be cut off.`,
};

const STANDINGS = {
  queued: "Waits to be painted", running: "Being painted", done: "Done", failed: "Failed", cancelled: "Cancelled",
  rejected: "Rejected", unchanged: "Unchanged",
};

const NOTHING_TO_DECIDE = {
  held: "It is not known what it waits for; load the page again.",
  queued: "It waits to be painted; there is nothing to decide yet.",
  running: "It is being painted; there is nothing to decide yet.",
  done: "It is done: only held items wait for a decision.",
  failed: "It failed, so there is nothing to decide. Retry it on the batch's page, or render it again.",
  cancelled: "It was cancelled, so there is nothing to decide.",
  rejected: "It is rejected already; undo takes the last decision back.",
  unchanged: "Its earlier result still holds, so there is nothing to decide.",
};

/** The gate's complaints as sentences; none where the mask is in range. */
export function complaints(gate, style = {}) {
  return gate.reasons.map((reason) => COMPLAINTS[reason]?.(gate, style) ?? reason);
}

/** What an item waits for, or how it ended. */
export function standing({ state, held, approved }) {
  if (state !== "held") return STANDINGS[state] ?? state;
  if (approved) return "Being published";
  return held?.stage === "mask" ? "Mask waits for you" : "Result waits for you";
}

/** A rejection's reason as a person reads it; free text stays as it was written. */
export function rejection(reason) {
  return REJECT_REASONS[reason]?.toLowerCase() ?? reason;
}

/** Why approve and reject do nothing for an item, as a sentence; empty where they do. */
export function whyUndecidable({ state, approved, held }) {
  if (state === "held" && approved) return "It is approved already, and is being published.";
  if (state === "held" && held) return "";
  return NOTHING_TO_DECIDE[state] ?? "Only held items wait for a decision.";
}

/** A decision as a line of the history: what was done, not yet by whom. */
export function decided({ action, reason, variant, moved }) {
  const said = {
    approve: "Approved", reject: `Rejected${reason ? `: ${rejection(reason)}` : ""}`,
    pick: `Picked variant ${variant}`, undo: "Took a decision back",
  }[action] ?? action;
  return moved > 1 ? `${said}, with ${number(moved - 1)} more` : said;
}

function limit(word, value) {
  return value == null ? "" : `, and the style allows ${word} ${percent(value)}`;
}
