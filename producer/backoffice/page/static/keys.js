/** The one registry of keyboard shortcuts; what a person bound anew is kept in this browser. */

import { h } from "./dom.js";

const KEPT = "restyle.keys";
const NAMES = {
  arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", escape: "Esc", " ": "Space", enter: "Enter",
  pageup: "PgUp", pagedown: "PgDn",
};

const bindings = new Map();
let own = read();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

/**
 * Bind shortcuts until the signal aborts.
 *
 * @param {AbortSignal} signal of the view or part that they belong to.
 * @param {Array<object>} shortcuts each with `id` (stable, for rebinding), `label`, `group`, `keys`
 *   (such as `["p"]`, `["shift+arrowright"]`, `["?"]`), `run(event)`, and perhaps `when()`, which
 *   says whether it applies now.
 */
export function bind(signal, shortcuts) {
  for (const shortcut of shortcuts) bindings.set(shortcut.id, shortcut);
  signal?.addEventListener("abort", () => {
    for (const shortcut of shortcuts) {
      if (bindings.get(shortcut.id) === shortcut) bindings.delete(shortcut.id);
    }
  });
}

/** All shortcuts that are bound now, by group. */
export function groups() {
  const found = new Map();
  for (const shortcut of bindings.values()) {
    found.set(shortcut.group, [...(found.get(shortcut.group) ?? []), shortcut]);
  }
  return found;
}

/** The keys that run a shortcut: the person's own, else its default ones. */
export function keysOf({ id, keys }) {
  return own[id] ? [own[id]] : keys;
}

/** Bind another key; null takes the default ones back. Answers with the shortcut that has the key. */
export function rebind(id, key) {
  const taken = key && [...bindings.values()].find((one) => one.id !== id && keysOf(one).includes(key));
  if (taken) return taken;
  if (key) own = { ...own, [id]: key };
  else own = Object.fromEntries(Object.entries(own).filter(([name]) => name !== id));
  localStorage.setItem(KEPT, JSON.stringify(own));
  for (const mark of document.querySelectorAll("kbd[data-of]")) print(mark);
  return null;
}

/** A button that runs a shortcut and has its key printed in it. */
export function button(id, label, props = {}) {
  const mark = h("kbd", { data: { of: id }, "aria-hidden": "true" });
  const { on, ...rest } = props;
  const click = (event) => bindings.get(id)?.run(event);
  const made = h("button", { type: "button", on: { click, ...on }, data: { key: id }, ...rest }, label, mark);
  print(mark);
  return made;
}

/** A `<kbd>` that shows the present key of a shortcut. */
export function mark(id) {
  const made = h("kbd", { data: { of: id } });
  print(made);
  return made;
}

function print(kbd) {
  const shortcut = bindings.get(kbd.dataset.of);
  kbd.textContent = shortcut ? written(keysOf(shortcut)[0]) : "";
  if (shortcut) kbd.parentElement?.closest("button")?.setAttribute("aria-keyshortcuts", keysOf(shortcut)[0]);
}

/** A key as it stands on a keyboard: `shift+arrowright` → `Shift →`. */
export function written(key) {
  return key.split(/\+(?=.)/).map((part) => NAMES[part] ?? part[0].toUpperCase() + part.slice(1)).join(" ");
}

/** The name of the pressed key. A sign that is made with Shift is the sign, without "shift". */
export function nameOf(event) {
  const key = event.key.toLowerCase();
  const held = [event.ctrlKey && "ctrl", event.metaKey && "meta", event.altKey && "alt"];
  const isSign = key.length === 1 && key !== " " && key.toUpperCase() === key;
  if (event.shiftKey && !isSign) held.push("shift");
  return [...held.filter(Boolean), key].join("+");
}

function isTyping({ target }) {
  return target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]");
}

function press(event) {
  if (event.defaultPrevented || isTyping(event) || document.querySelector("dialog[open]")) return;
  const name = nameOf(event);
  const onControl = event.target.closest?.("button, a[href], summary");
  if (onControl && (name === " " || name === "enter")) return;
  const found = [...bindings.values()].find((one) => keysOf(one).includes(name) && (!one.when || one.when()));
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

document.addEventListener("keydown", press);
