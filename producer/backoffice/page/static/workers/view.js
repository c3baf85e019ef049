/** Workers: the devices, what they do now, and what they lack. */

import { fill, h } from "../dom.js";
import { duration, number, percent } from "../format.js";
import { poll } from "../poll.js";

/** Milliseconds between two looks. */
const EVERY = 3000;
/** One that has said nothing for so many seconds is not at work; they report every ten. */
const SILENT = 30;

/** Build the view; see router.add. */
export function view({ root, signal }) {
  document.title = "Workers · Restyle";
  const list = h("ul.cards", { "aria-label": "Workers" });
  fill(root, h("div.view", {}, h("header", {}, h("h1", {}, "Workers and devices")), list));
  const pace = new Pace();
  poll("/workers", {
    every: EVERY, signal,
    onData: ({ workers }) => fill(list, workers.length ? workers.map((one) => card(one, pace.of(one))) : empty()),
    onError: (error) => { if (!error.passing) fill(list, h("li.empty", {}, error.message)); },
  });
}

/** How much of the time between two reports a device was busy. */
class Pace {
  #seen = new Map();

  of({ owner, facts: { busy_seconds: busy }, silent_seconds: silent }) {
    const at = Date.now() / 1000 - silent;
    const before = this.#seen.get(owner);
    // The same report again says nothing new.
    if (before && Math.abs(at - before.at) < 1) return before.share;
    const share = before ? Math.min(1, Math.max(0, (busy - before.busy) / (at - before.at))) : null;
    this.#seen.set(owner, { at, busy, share });
    return share;
  }
}

function card(worker, share) {
  const isSilent = worker.silent_seconds > SILENT;
  const { facts } = worker;
  const lacks = Object.entries({ ...facts.unavailable_models, ...facts.lost_services });
  return h("li.card", {},
    h("div.heading", {}, h("h2", {}, worker.owner), state(worker, isSilent)),
    h("dl.facts", {},
      h("dt", {}, "Device"), h("dd", {}, facts.device ?? "unknown"),
      Number.isFinite(share) && [h("dt", {}, "Busy"), h("dd", {}, percent(share))],
      facts.batches > 0 && [h("dt", {}, "Calls"), h("dd", {}, `${number(facts.batches)}, ${facts.mean_batch} pictures each`)],
      h("dt", {}, "Last heard"), h("dd", {}, `${duration(worker.silent_seconds)} ago`)),
    lacks.map(([what, why]) => h("p.alarm", {}, `${what}: ${why}`)), claims(worker.claims));
}

function state(worker, isSilent) {
  const [tone, word] = isSilent ? ["alarm", "silent"] : worker.claims?.length ? ["accent", "at work"] : ["good", "idle"];
  return h("span.chip", { data: { tone } }, word);
}

function claims(list) {
  if (!list?.length) return h("p.soft.small", {}, "Nothing in hand.");
  return h("div", {}, h("h3", {}, "In hand"), h("ul.runs", {}, list.slice(0, 8).map(({ batch, number: item }) => h("li", {},
    h("a", { href: `/batches/${encodeURIComponent(batch)}/items/${item}` }, `item ${number(item)}`), h("span.soft.small", {}, ` of ${batch}`)))),
  list.length > 8 && h("p.soft.small", {}, `and ${number(list.length - 8)} more`));
}

function empty() {
  return h("li.empty", {}, h("h2", {}, "No worker is known"), h("p", {}, "Start one on each GPU host:"), h("code", {}, "restyle-worker"));
}
