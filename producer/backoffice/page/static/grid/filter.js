/** Filter: which of a batch's items are shown; it lives in the page's query, and so in links. */

import { words } from "../states.js";

/** Its names, in the page's query as in the API's. */
export const NAMES = ["state", "stage", "score_from", "score_below", "reason", "code", "q"];
const SCORES = new Set(["score_from", "score_below"]);

/** The filter that a query asks for; names that are not given are left out. */
export function filterOf(query) {
  const filter = {};
  if (query.getAll("state").length) filter.state = query.getAll("state");
  for (const name of NAMES.slice(1)) {
    const value = query.get(name);
    if (value && SCORES.has(name) && Number.isFinite(Number(value))) filter[name] = Number(value);
    else if (value && !SCORES.has(name)) filter[name] = value;
  }
  return filter;
}

/** Whether it leaves nothing out. */
export function isOpen(filter) {
  return Object.keys(filter).length === 0;
}

/** Whether everything that matches is held, so that it can be decided. */
export function isHeld(filter) {
  return filter.state?.length === 1 && filter.state[0] === "held";
}

/** Whether a tile's item matches; the API says the same of all items. */
export function matches(tile, filter) {
  const text = filter.q?.toLowerCase();
  return (!filter.state || filter.state.includes(tile.state))
    && (!filter.stage || (tile.stage === filter.stage && (tile.state === "held" || tile.state === "rejected")))
    && (filter.score_from == null || (tile.score != null && tile.score >= filter.score_from))
    && (filter.score_below == null || (tile.score != null && tile.score < filter.score_below))
    && (!filter.reason || tile.reasons.includes(filter.reason))
    && (!filter.code || tile.code === filter.code)
    && (!text || tile.name.toLowerCase().includes(text) || tile.source.toLowerCase().includes(text));
}

/** The filter in words, for questions and the history. */
export function told(filter) {
  // The API keeps the filter of a decision in the board's words.
  const states = [filter.state ?? filter.states ?? []].flat();
  const text = filter.q ?? filter.text;
  const parts = [
    states.join(" or "), filter.stage && `at the ${filter.stage}`,
    filter.score_from != null && `score from ${filter.score_from}`, filter.score_below != null && `score below ${filter.score_below}`,
    filter.reason && words(filter.reason), filter.code && words(filter.code), text && `“${text}”`,
  ];
  return parts.filter(Boolean).join(", ") || "all items";
}
