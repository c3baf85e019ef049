/** Verdict: where an item stands, what the gate says of its mask, or why it failed. */

import { fill, h } from "../dom.js";
import { percent, score } from "../format.js";
import { TONES } from "../states.js";
import { gateOf } from "./measures.js";
import { complaints, rejection, standing } from "./words.js";

/** A chip with an item's standing. */
export function standingChip(item) {
  return h("span.chip", { data: { tone: item.approved ? "accent" : TONES[item.state] ?? "plain" } }, standing(item));
}

/** Build the sentences about an item into an element. */
export function showVerdict(element, item, style) {
  fill(element, failure(item), rejected(item), gateSays(gateOf(item), style, item));
}

function failure({ failure: why }) {
  if (!why) return null;
  return h("div.notice", { data: { tone: "alarm" } },
    h("p", {}, why.message), why.hint && h("p", {}, why.hint), h("p.small.mono", {}, why.code));
}

function rejected({ state, reason }) {
  if (state !== "rejected") return null;
  return h("div.notice", { data: { tone: "alarm" } }, h("p", {}, `Rejected: ${rejection(reason) || "no reason given"}.`));
}

function gateSays(gate, style, item) {
  if (!gate) return null;
  const found = complaints(gate, style);
  const held = item.state === "held" && item.held?.stage === "mask";
  return h("div.gate", {},
    h("p", {}, h("strong", {}, headline(found.length, held)), ` · score ${score(gate.score)}`),
    found.length > 0 && h("ul.sentences", {}, found.map((sentence) => h("li", {}, sentence))),
    item.state === "held" && !found.length && h("p.soft.small", {}, "It is held because every mask of this batch waits for a person's word."),
    h("dl.measures", {}, measure("Coverage", percent(gate.coverage)), measure("Margin", score(gate.margin)),
      measure("Pieces", gate.pieces), measure("At border", percent(gate.border))));
}

function headline(complaints, held) {
  if (!complaints) return "The gate has nothing against its mask";
  return held ? "The gate held its mask" : "The gate had complaints about its mask";
}

function measure(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}
