/** The sheet of all shortcuts of the view (`?`), where they are bound anew. */

import { announce } from "./announce.js";
import { heading, modal } from "./dialog.js";
import { fill, h } from "./dom.js";
import { groups, keysOf, nameOf, rebind, written } from "./keys.js";

const MODIFIERS = new Set(["shift", "control", "alt", "meta", "ctrl"]);

/** Open it. */
export function open() {
  const list = h("div.keylist");
  const inside = h("div.inside", {}, heading("Keyboard shortcuts"),
    h("p.soft.small", {}, "Choose a key to bind another one; it is kept in this browser."), list);
  modal("Keyboard shortcuts", inside, { kind: "wide" });
  show(list);
}

function show(list) {
  fill(list, [...groups()].map(([group, shortcuts]) => h("section", {}, h("h3", {}, group),
    h("ul", {}, shortcuts.map((shortcut) => line(shortcut, list))))));
}

function line(shortcut, list) {
  const names = keysOf(shortcut).map(written).join(" or ");
  const button = h("button.quiet", {
    type: "button", "aria-label": `${shortcut.label}: ${names}. Bind another key`,
    on: { click: () => listen(button, shortcut, list) },
  }, keysOf(shortcut).map((key) => h("kbd", {}, written(key))));
  return h("li", {}, h("span", {}, shortcut.label), button);
}

function listen(button, shortcut, list) {
  fill(button, "Press a key…");
  announce(`Press a key for ${shortcut.label}; Escape leaves it, Backspace takes the default back.`);
  const stop = new AbortController();
  const end = (text) => { stop.abort(); show(list); announce(text); };
  button.addEventListener("blur", () => { if (!stop.signal.aborted) end(""); }, { signal: stop.signal });
  button.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (MODIFIERS.has(event.key.toLowerCase()) || name === "tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (name === "escape") return end("Left as it was.");
    const taken = rebind(shortcut.id, name === "backspace" ? null : name);
    end(taken ? `${written(name)} is already bound to ${taken.label}.` : `${shortcut.label}: ${keysOf(shortcut).map(written)}`);
  }, { signal: stop.signal });
}
