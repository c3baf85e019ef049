/** Bulk: one decision about everything that matches a filter; the count is shown first. */

import { toast, toastError } from "../announce.js";
import { batchPath, freshId, get, post } from "../api.js";
import { ask, field } from "../dialog.js";
import { h } from "../dom.js";
import { counted, number } from "../format.js";
import { told } from "../grid/filter.js";
import { REJECT_REASONS } from "../states.js";

const STAGES = ["mask", "result"];
const VERBS = { approve: "Approve", reject: "Reject" };

/**
 * Ask, and decide about all that match; where others came to match meanwhile, ask again. Masks and
 * results are decided apart: who approves the ones has not seen what becomes of them.
 *
 * @param {object} options `batch`, `filter`, `action`, `outbox` (which gets it, for its undo),
 *   `onDone()`.
 */
export async function decideAll({ batch, filter, action, outbox, onDone }) {
  try {
    for (const stage of await stagesOf(batch, filter)) {
      await decideStage({ batch, filter: { ...filter, stage }, action, outbox, onDone });
    }
  } catch (error) {
    toastError(error);
  }
}

/** The stages at which something matches; masks where nothing does, so that the question says so. */
async function stagesOf(batch, filter) {
  if (filter.stage) return [filter.stage];
  const counts = await Promise.all(STAGES.map((stage) => countOf(batch, { ...filter, stage })));
  const waiting = STAGES.filter((_, at) => counts[at] > 0);
  return waiting.length ? waiting : STAGES.slice(0, 1);
}

async function decideStage({ batch, filter, action, outbox, onDone }) {
  for (let count = await countOf(batch, filter); ; count = await countOf(batch, filter)) {
    const answers = await confirm(action, count, filter);
    if (!answers) return;
    const answer = await send(batch, { id: freshId(), action, filter, expect: count, reason: answers.get("reason") || undefined });
    if (answer === null) continue;
    outbox.remember(answer.decision);
    tellDone(action, answer, outbox, onDone);
    return;
  }
}

async function countOf(batch, filter) {
  return (await get(batchPath(batch, "items", "count"), filter)).count;
}

/** The answer; null where the count was another one by then. */
async function send(batch, decision) {
  try {
    return await post(batchPath(batch, "decisions"), decision);
  } catch (error) {
    if (error.code !== "count_differs") throw error;
    toast("The number of items has changed meanwhile.");
    return null;
  }
}

function confirm(action, count, filter) {
  const reasons = h("select", { name: "reason" }, h("option", { value: "" }, "No reason given"),
    Object.entries(REJECT_REASONS).map(([value, label]) => h("option", { value }, label)));
  const what = counted(count, filter.stage);
  return ask(`${VERBS[action]} ${what}?`, [
    h("p", {}, `Everything that matches now: ${told(filter)}. ${undoing(action, filter)}`),
    action === "reject" && field("Reason", reasons),
  ], { yes: `${VERBS[action]} ${number(count)}`, tone: action === "approve" ? "approve" : "danger primary" });
}

/** Painting begins at once where a worker is free: what is painted is not taken back. */
function undoing(action, { stage }) {
  const isPainted = action === "approve" && stage !== "result";
  return isPainted ? "It can be undone, as one, for what is not being painted by then." : "It can be undone, as one.";
}

function tellDone(action, { moved, skipped }, outbox, onDone) {
  const late = skipped ? `; ${number(skipped)} had been decided or painted meanwhile` : "";
  const undo = () => outbox.undo({ onSaved: onDone, onRefused: toastError });
  toast(`${counted(moved, "item")} ${action === "approve" ? "approved" : "rejected"}${late}.`, { action: { label: "Undo", run: undo } });
  onDone();
}
