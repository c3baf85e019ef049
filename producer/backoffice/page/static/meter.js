/** Meter: how a batch's items are spread over the states, as a bar and in words. */

import { fill, h, set } from "./dom.js";
import { counted, duration, number } from "./format.js";
import { PHASE_TONES, STATES } from "./states.js";

/** An empty bar; `showMeter` fills it. */
export function meter() {
  return h("div.meter", { role: "img" });
}

/** Show a summary's counts. */
export function showMeter(bar, { counts, total }) {
  const present = STATES.filter((state) => counts[state]);
  fill(bar, present.filter((state) => state !== "queued").map((state) => h("i", {
    data: { state }, style: { width: `${(counts[state] / total) * 100}%` },
  })));
  set(bar, { "aria-label": present.map((state) => `${number(counts[state])} ${state}`).join(", ") });
}

/** The phase as a chip. */
export function phaseChip({ phase }) {
  return h("span.chip", { data: { tone: PHASE_TONES[phase] ?? "plain" } }, phase);
}

/** How far, how fast, how long: `382 of 620 · 62 a minute · about 4 min left`. */
export function pace(batch) {
  const { total, counts, rate_per_minute: rate, time_left_seconds: left } = batch;
  const ended = total - counts.queued - counts.running - counts.held;
  const parts = [`${number(ended)} of ${counted(total, "item")}`];
  if (rate && (counts.queued || counts.running)) parts.push(`${number(Math.round(rate))} a minute`);
  if (left) parts.push(`about ${duration(left)} left`);
  return parts.join(" · ");
}
