/** Changes: a batch's items as they change, and its summary, through the feed. */

import { batchPath } from "./api.js";
import { poll } from "./poll.js";

/** Milliseconds between two looks at a batch that moves, and at one that stands still. */
const MOVING = 1500;
const STILL = 6000;
/** Items of one answer; a full one is followed by the next question at once. */
const LIMIT = 500;

/**
 * Follow a batch from a cursor on until the signal aborts.
 *
 * @returns {{ now: () => void }} `now` looks at once.
 */
export function followChanges(batch, cursor, { signal, onItems, onSummary }) {
  let seen = cursor;
  return poll(batchPath(batch, "changes"), {
    every: (last) => (!last || last.batch.counts.running || last.batch.counts.queued ? MOVING : STILL),
    query: () => ({ cursor: seen, limit: LIMIT }),
    signal,
    onData: (answer) => {
      const isFull = answer.items.length >= LIMIT;
      seen = answer.cursor;
      onSummary(answer.batch);
      if (answer.items.length) onItems(answer.items);
      return isFull;
    },
  });
}
