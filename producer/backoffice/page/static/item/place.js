/** Place: what the viewer's address says: the gallery's filter, the mode, the zoom, the variant. */

import { NAMES } from "../grid/filter.js";

/** Ways to look at an item, in the order that M goes through. */
export const MODES = ["wipe", "side", "flip", "mask", "variants"];
/** Least time between two writes of the address; browsers refuse more than a hundred in 30 s. */
const WRITE_MS = 400;

/**
 * Read an address's query.
 * @param {string} query
 */
export function readPlace(query) {
  const names = new URLSearchParams(query);
  const mode = names.get("mode");
  return {
    mode: MODES.includes(mode) ? mode : null,
    variant: Math.max(1, Math.trunc(number(names.get("variant"), 1))),
    camera: readCamera(names),
    filter: readFilter(query),
  };
}

/** The gallery's part of a query: what the neighbours are found by. */
export function readFilter(query) {
  return new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => NAMES.includes(name)));
}

function readCamera(names) {
  const zoom = names.get("zoom");
  return {
    zoom: zoom === "actual" ? zoom : Math.min(64, Math.max(0.02, number(zoom, 1))),
    x: Math.min(1, Math.max(0, number(names.get("x"), 0.5))),
    y: Math.min(1, Math.max(0, number(names.get("y"), 0.5))),
  };
}

function number(text, otherwise) {
  const value = Number.parseFloat(text ?? "");
  return Number.isFinite(value) ? value : otherwise;
}

/** The address of an item: defaults are left out, so that a plain one stays plain. */
export function addressOf(batch, item, { filter, mode, variant, camera }) {
  const names = new URLSearchParams(filter);
  if (mode) names.set("mode", mode);
  if (variant > 1) names.set("variant", String(variant));
  for (const [name, value] of Object.entries(camera.toAddress())) names.set(name, value);
  const query = names.toString();
  return `/batches/${encodeURIComponent(batch)}/items/${item}${query ? `?${query}` : ""}`;
}

/** Writes addresses into the location bar, the last one of each `WRITE_MS` only. */
export class AddressBar {
  #timer = 0;
  #last = "";

  /** Show an address soon; the entry in the history is replaced, so Back leads to the gallery. */
  show(address) {
    this.#last = address;
    this.#timer ||= setTimeout(() => this.flush(), WRITE_MS);
  }

  /** Show it now. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#last) history.replaceState(history.state, "", this.#last);
    this.#last = "";
  }

  /** Write no more: the location bar is another view's. */
  cancel() {
    this.#last = "";
    clearTimeout(this.#timer);
  }
}
