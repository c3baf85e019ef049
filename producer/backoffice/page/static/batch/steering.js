/** Steering: pause, resume, promote, retry, cancel; each that costs something asks first. */

import { toast, toastError } from "../announce.js";
import { address, batchPath, post } from "../api.js";
import { ask } from "../dialog.js";
import { fill, h } from "../dom.js";
import { counted } from "../format.js";
import { menu } from "../menu.js";
import { may } from "../session.js";

/** What can be done, when, and what is asked before. */
const ACTS = [
  {
    name: "promote", label: "Promote the pilot", kind: "primary", when: (batch) => batch.pause_reason === "pilot" || batch.pilot,
    asks: (batch) => `The other ${counted(batch.counts.queued, "item")} will be rendered too.`,
  },
  { name: "resume", label: "Resume", kind: "primary", when: (batch) => batch.paused && batch.pause_reason !== "pilot" },
  { name: "pause", label: "Pause", when: (batch) => isMoving(batch) && !batch.paused },
  {
    name: "retry", label: "Retry the failed ones", isRare: true, when: (batch) => batch.counts.failed > 0,
    asks: (batch) => `${counted(batch.counts.failed, "failed item")} will be rendered again.`,
  },
  {
    name: "cancel", label: "Cancel", kind: "danger", isRare: true, when: (batch) => batch.open > 0 && !batch.cancelled,
    asks: (batch) => `${counted(batch.open, "item")} will not be rendered. What is done stays.`,
  },
];

function isMoving({ counts, cancelled }) {
  return counts.queued + counts.running > 0 && !cancelled;
}

/** Show the buttons that fit how the batch stands; `onDone()` is called after one was used. */
export function showSteering(root, batch, { onDone, onHistory, onRerender }) {
  const acts = may("operator") ? ACTS.filter(({ when }) => when(batch)) : [];
  const names = acts.map(({ name }) => name).join(" ");
  if (root.dataset.acts === names) return;
  root.dataset.acts = names;
  const button = (act) => h("button", { type: "button", class: act.kind ?? "", on: { click: () => steer(batch.batch, act, onDone) } }, act.label);
  fill(root, acts.filter(({ isRare }) => !isRare).map(button),
    h("button", { type: "button", on: { click: onHistory } }, "History"),
    more(batch.batch, acts.filter(({ isRare }) => isRare).map(button), onRerender));
  // Buttons act on how the batch stands when they are used, not when they were built.
  root.latest = batch;
}

function more(batch, rare, onRerender) {
  const download = (format) => h("a.button", {
    href: address(batchPath(batch, "results"), { format }), download: `${batch}.${format}`,
  }, `Export results as ${format.toUpperCase()}`);
  return menu("More", download("csv"), download("jsonl"),
    may("operator") && h("button", { type: "button", on: { click: onRerender } }, "Render again…"), rare);
}

async function steer(batch, { name, label, asks, kind }, onDone) {
  const root = document.querySelector(".steering");
  if (asks && !await ask(`${label}?`, h("p", {}, asks(root.latest)), { yes: label, tone: kind === "danger" ? "danger primary" : "primary" })) return;
  try {
    const answer = await post(batchPath(batch, name));
    toast(name === "retry" ? `${counted(answer.queued, "item")} queued again.` : `${label}: done.`);
    onDone();
  } catch (error) {
    toastError(error);
  }
}
