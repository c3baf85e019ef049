/** Facts: what an item was made with, how long it took, and what the sidecar proves. */

import { fill, h } from "../dom.js";
import { counted, duration, moment, number, percent } from "../format.js";

/** Fields of a style that say how a picture was painted, in this order. */
const PARAMETERS = [
  ["prompt", "Prompt"], ["negative_prompt", "Not to paint"], ["mask_prompt", "Mask"], ["protect_prompts", "Protected"],
  ["steps", "Steps"], ["guidance_scale", "Guidance"], ["strength", "Strength"], ["scheduler", "Scheduler"],
  ["seed", "Seed"], ["working_size", "Working size"], ["mask_threshold", "Threshold"], ["mask_growth", "Growth"],
  ["mask_feather", "Feather"], ["gate", "Gate"], ["review", "Review"],
];

/** Build the parts about an item into an element. */
export function showFacts(element, item, style) {
  const { sidecar } = item;
  fill(element, parameters(item, sidecar?.style ?? { ...style, ...item.spec.overrides }),
    sidecar?.timings_seconds && timings(sidecar), sidecar?.source?.sha256 && origin(sidecar));
}

function parameters({ spec }, style) {
  const given = PARAMETERS.filter(([field]) => style[field] != null && style[field] !== "" && style[field].length !== 0);
  return part("Parameters", given.map(([field, label]) =>
    [label, written(style[field]), field in (spec.overrides ?? {}) && h("span.chip", {}, "this row")]));
}

function written(value) {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function timings({ timings_seconds: stages }) {
  return part("Timings", Object.entries(stages).map(([stage, seconds]) => [stage.replaceAll("_", " "), brief(seconds)]));
}

function brief(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);
}

function origin(sidecar) {
  const { source, variants, mask, crops, models, device, worker } = sidecar;
  return part("Proof and origin", [
    ["Source", `${number(source.width)} × ${number(source.height)} px`],
    ["Mask", `${percent(mask.area)} of the picture${mask.supplied ? ", supplied" : ""}`],
    ["Squares", counted(crops.length, "square")],
    ...variants.map((variant, at) => [`Variant ${at + 1}`, proved(variant)]),
    ["Painter", models.painter.reference], models.segmenter && ["Segmenter", models.segmenter.reference],
    ["Device", `${device.hardware}, ${device.precision}`], ["Worker", worker.owner],
    ["Rendered", moment(sidecar.rendered_at)], ...(sidecar.notes ?? []).map((note) => ["Note", note]),
  ].filter(Boolean));
}

function proved({ seed, proof, written: file }) {
  const drift = proof.outside_after_decoding;
  const kept = drift === 0 ? "unchanged outside the mask" : `within ${counted(drift, "level")} outside the mask (${file.container})`;
  return `seed ${seed}; ${kept}`;
}

/** A heading and its facts; a third member of a line stands behind the value. */
function part(title, lines) {
  return h("details.part", { open: title === "Parameters" }, h("summary", {}, h("h2", {}, title)),
    h("dl.facts", {}, lines.map(([name, value, extra]) => [h("dt", {}, name), h("dd", {}, value, " ", extra)])));
}
