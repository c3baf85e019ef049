/** Menu: a button that unfolds a list of others; a choice, Escape or a click elsewhere folds it. */

import { h } from "./dom.js";

/** A menu with a label over links and buttons. */
export function menu(label, ...choices) {
  const fold = (event) => { if (event.target.closest(".list a, .list button")) made.open = false; };
  const made = h("details.menu", { on: { click: fold, keydown: escape } }, h("summary.button", {}, label), h("div.list", {}, choices));
  return made;
}

function escape(event) {
  const { currentTarget: made } = event;
  if (event.key !== "Escape" || !made.open) return;
  event.stopPropagation();
  made.open = false;
  made.querySelector("summary").focus();
}

document.addEventListener("pointerdown", ({ target }) => {
  for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(target)) open.open = false;
});
