/** All batches, newest first, as they move. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { poll } from "../poll.js";
import { toastError } from "../announce.js";
import { BatchRow } from "./row.js";

/** Milliseconds between two looks; nothing is sent while nothing changed. */
const EVERY = 2000;
/** Batches on a page. */
const LIMIT = 50;

/** Build the view; see router.add. */
export function view({ root, signal }) {
  document.title = "Batches · Restyle";
  const list = h("ul.batches", { "aria-label": "Batches" });
  const foot = h("div.row");
  fill(root, h("div.view", {}, h("header", {}, h("h1", {}, "Batches")), list, foot));
  const rows = new Map();
  let isFirst = true;

  const show = ({ batches, next }) => {
    if (isFirst) fill(foot, more(rows, list, next));
    isFirst = false;
    place(rows, list, batches);
    if (!rows.size) fill(list, empty());
  };
  const onError = (error) => { if (isFirst && !error.passing) fill(list, h("li.empty", {}, error.message)); };
  poll("/batches", { every: EVERY, query: { limit: LIMIT }, signal, onData: show, onError });
}

/** Show the newest page: rows that are known move in place, so that focus and reading are kept. */
function place(rows, list, batches) {
  if (rows.size === 0) fill(list);
  let before = list.firstElementChild;
  for (const batch of batches) {
    const known = rows.get(batch.batch) ?? new BatchRow(batch.batch);
    rows.set(batch.batch, known);
    known.show(batch);
    if (known.element === before) before = before.nextElementSibling;
    else list.insertBefore(known.element, before);
  }
}

function more(rows, list, cursor) {
  if (!cursor) return null;
  const load = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      const { batches, next } = await get("/batches", { limit: LIMIT, cursor });
      for (const batch of batches) append(rows, list, batch);
      button.replaceWith(...[more(rows, list, next)].filter(Boolean));
    } catch (error) {
      button.disabled = false;
      toastError(error);
    }
  };
  return h("button", { type: "button", on: { click: load } }, "Show older batches");
}

function append(rows, list, batch) {
  if (rows.has(batch.batch)) return;
  const row = new BatchRow(batch.batch);
  rows.set(batch.batch, row);
  row.show(batch);
  list.append(row.element);
}

function empty() {
  return h("li.empty", {}, h("h2", {}, "No batches yet"),
    h("p", {}, "Submit one, and it shows here as it moves:"),
    h("code", {}, "restyle submit --manifest photos.csv --style summer.yaml"));
}
