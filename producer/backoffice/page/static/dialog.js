/** Dialogs: a question with a yes, a form, a drawer; Escape and the backdrop close them. */

import { h } from "./dom.js";

/**
 * Open a modal dialog and await its end.
 *
 * @param {string} title also its name to screen readers.
 * @param {Array} content nodes below the title.
 * @param {object} options `yes`: label of the button that submits; `tone`: its class; `kind`: class
 *   of the dialog, such as `wide` or `drawer`; `signal` closes it.
 * @returns {Promise<FormData|null>} what its form holds; null where it was closed.
 */
export function ask(title, content, { yes = "OK", tone = "primary", kind, signal } = {}) {
  const form = h("form", { method: "dialog" }, h("h2", {}, title), content, h("div.actions", {},
    h("button", { type: "button", on: { click: () => made.close("") } }, "Cancel"),
    h("button", { type: "submit", value: "yes", class: tone }, yes)));
  const made = modal(title, form, { kind, signal });
  return new Promise((settle) => {
    made.addEventListener("close", () => settle(made.returnValue === "yes" ? new FormData(form) : null));
  });
}

/** Open a modal dialog over an element; it is taken out of the page when it closes. */
export function modal(title, inside, { kind, signal } = {}) {
  const made = h("dialog", { class: kind ?? "", "aria-label": title }, inside);
  const close = () => made.close("");
  made.addEventListener("click", (event) => { if (event.target === made) close(); });
  made.addEventListener("close", () => made.remove());
  signal?.addEventListener("abort", close);
  document.body.append(made);
  made.showModal();
  return made;
}

/** A heading with a close button, for dialogs that ask nothing. */
export function heading(title, extra = null) {
  const close = (event) => event.target.closest("dialog").close("");
  return h("div.heading", {}, h("h2", {}, title), h("div.row", {}, extra,
    h("button.quiet", { type: "button", on: { click: close } }, "Close")));
}

/** A labelled field. */
export function field(label, control, hint = "") {
  return h("label.field", {}, h("span", {}, label), control, hint && h("span.hint", {}, hint));
}
