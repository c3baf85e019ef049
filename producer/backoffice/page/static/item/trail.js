/** Trail: an item's history, its renderings in child batches, and its files to take away. */

import { fill, h } from "../dom.js";
import { number, moment } from "../format.js";
import { may } from "../session.js";
import { TONES } from "../states.js";
import { facesOf, fileUrl } from "./files.js";
import { decided } from "./words.js";

/**
 * Build the parts into an element.
 * @param {HTMLElement} element
 * @param {{ batch: string, item: object, onUndo: (decision: object) => void }} what
 */
export function showTrail(element, { batch, item, onUndo }) {
  fill(element, history(item.history ?? [], onUndo), again(item.again ?? []), files(batch, item));
}

function history(decisions, onUndo) {
  if (!decisions.length) return null;
  const undone = new Set(decisions.map(({ undoes }) => undoes).filter(Boolean));
  return h("section.part", {}, h("h2", {}, "History"), h("ol.history", { "aria-label": "History" }, decisions.map((decision) =>
    h("li", {}, h("div.grow", {}, h("span", { class: undone.has(decision.id) ? "undone" : "" }, decided(decision)),
      h("div.soft.small", {}, decision.by, " · ", h("time", { datetime: decision.at }, moment(decision.at)))),
    undone.has(decision.id) ? h("span.soft.small", {}, "undone") : undo(decision, onUndo)))));
}

function undo(decision, onUndo) {
  if (decision.action === "undo" || !may("operator")) return null;
  const label = decision.moved > 1 ? `Undo for all ${number(decision.moved)}` : "Undo";
  return h("button.quiet", { type: "button", on: { click: () => onUndo(decision) } }, label);
}

function again(renderings) {
  if (!renderings.length) return null;
  return h("section.part", {}, h("h2", {}, "Rendered again"), h("ul.again", { "aria-label": "Rendered again" },
    renderings.map(({ batch, number: at, state }) => h("li", {},
      h("a.clip", { href: `/batches/${encodeURIComponent(batch)}/items/${at}` }, batch),
      h("span.chip", { data: { tone: TONES[state] ?? "plain" } }, state)))));
}

function files(batch, item) {
  const links = facesOf(item).map(({ name, label }) => h("a", {
    href: fileUrl(batch, item, name), download: `${item.spec.external_id}.${name}`.replaceAll(/[\\/:*?"<>|]/g, "_"),
  }, label));
  if (item.links?.sidecar) links.push(h("a", { href: item.links.sidecar, target: "_blank", rel: "noreferrer" }, "Sidecar"));
  return h("section.part", {}, h("h2", {}, "Download"), h("div.row.downloads", {}, links));
}
