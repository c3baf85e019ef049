/** States, stages, gate reasons and rejection reasons: the words and tones of the whole page. */

/** Every state of an item, in the order that meters and filters show them. */
export const STATES = ["done", "unchanged", "held", "failed", "rejected", "cancelled", "running", "queued"];

export const TONES = {
  done: "good", unchanged: "good", held: "wait", failed: "alarm", rejected: "alarm", running: "accent",
};

/** A batch's phase, as a tone. */
export const PHASE_TONES = {
  running: "accent", held: "wait", paused: "wait", closed: "wait", ended: "good", cancelled: "plain",
  cancelling: "wait", recovering: "wait",
};

/** What the gate says against a mask. */
export const GATE_REASONS = {
  too_large: "covers too much", too_small: "covers too little", uncertain: "uncertain",
  scattered: "in many pieces", at_border: "touches the border",
};

/** Why a person rejects, on the keys 1 to 5. */
export const REJECT_REASONS = {
  wrong_mask: "Wrong mask", bad_edge: "Bad edge", wrong_colour: "Wrong colour", artefact: "Artefact", other: "Other",
};

/** A code or a reason of ours in plain words. */
export function words(code) {
  return GATE_REASONS[code] ?? REJECT_REASONS[code]?.toLowerCase() ?? code.replaceAll("_", " ");
}
