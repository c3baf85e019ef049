/** Schedules: what is submitted by itself, when next, and how it went. */

import { toast, toastError } from "../announce.js";
import { post } from "../api.js";
import { ask } from "../dialog.js";
import { fill, h } from "../dom.js";
import { ago, duration } from "../format.js";
import { poll } from "../poll.js";
import { may } from "../session.js";

/** Milliseconds between two looks. */
const EVERY = 5000;
const TONES = { active: "good", paused: "plain", broken: "alarm" };
const DONE = { pause: "paused", resume: "resumed", run: "will run now" };
/** Next times and earlier runs that are shown. */
const NEXT = 3;
const RUNS = 5;

/** Build the view; see router.add. */
export function view({ root, signal }) {
  document.title = "Schedules · Restyle";
  const list = h("ul.cards", { "aria-label": "Schedules" });
  fill(root, h("div.view", {}, h("header", {}, h("h1", {}, "Schedules")), list));
  const asking = poll("/schedules", {
    every: EVERY, signal,
    onData: ({ schedules }) => fill(list, schedules.length ? schedules.map((one) => card(one, () => asking.now())) : empty()),
    onError: (error) => { if (!error.passing) fill(list, h("li.empty", {}, error.message)); },
  });
}

function card(schedule, onDone) {
  const { name, condition, words, timezone, broken, manifest, output, lane } = schedule;
  return h("li.card", {},
    h("div.heading", {}, h("h2", {}, name), h("span.chip", { data: { tone: TONES[condition] } }, condition)),
    h("p", {}, `${words}, ${timezone}`),
    broken && h("p.alarm", {}, `${broken.message} ${broken.hint}`),
    h("dl.facts", {},
      h("dt", {}, "Next"), h("dd", {}, condition === "paused" ? "paused" : times(schedule.next, timezone)),
      h("dt", {}, "Pictures"), h("dd", {}, manifest), h("dt", {}, "Results"), h("dd", {}, output),
      h("dt", {}, "Lane"), h("dd", {}, lane, schedule.window_seconds && `, for ${duration(schedule.window_seconds)} each time`)),
    runs(schedule.runs), may("operator") && acts(schedule, onDone));
}

function times(next, timezone) {
  const local = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: timezone });
  return h("ol", {}, next.slice(0, NEXT).map((at, place) => h("li", {}, local.format(new Date(at)), place === 0 && h("span.soft", {}, ` · ${ago(at)}`))));
}

function runs(list) {
  if (!list?.length) return h("p.soft.small", {}, "No runs yet.");
  return h("ul.runs", { "aria-label": "Runs" }, list.slice(0, RUNS).map(({ at, state, phase, batch, asked, failure }) => h("li", {},
    h("a", { href: `/batches/${encodeURIComponent(batch)}` }, batch),
    h("span.soft.small", {}, ` ${ago(at)}${asked ? ", asked for" : ""} · ${phase ?? state}`), failure && h("span.alarm.small", {}, ` ${failure.message}`))));
}

function acts({ name, condition }, onDone) {
  const button = (act, label) => h("button", { type: "button", "aria-label": `${label}: ${name}`, on: { click: () => steer(name, act, onDone) } }, label);
  return h("div.row", {}, condition === "paused" ? button("resume", "Resume") : button("pause", "Pause"), button("run", "Run now"));
}

async function steer(name, act, onDone) {
  if (act === "run" && !await ask(`Run ${name} now?`, h("p", {}, "A batch is submitted beside those that are due."), { yes: "Run now" })) return;
  try {
    await post(`/schedules/${encodeURIComponent(name)}/${act}`);
    toast(`${name} ${DONE[act]}.`);
    onDone();
  } catch (error) {
    toastError(error);
  }
}

function empty() {
  return h("li.empty", {}, h("h2", {}, "No schedules"), h("p", {}, "One that submits new pictures every night:"),
    h("code", {}, "restyle schedule add nightly --cron '0 2 * * *' --manifest s3://bucket/photos/ --style summer.yaml"));
}
