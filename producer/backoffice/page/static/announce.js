/** What happened, told to eyes (a toast) and to screen readers (a live region). */

import { h, fill } from "./dom.js";

/** How long a toast stays, in milliseconds; one with a button stays longer. */
const STAY = 4000;
const STAY_WITH_BUTTON = 9000;

/** Tell a screen reader alone; the page itself shows it already. */
export function announce(text) {
  const live = document.getElementById("live");
  fill(live);
  // A change of text is told; the same text twice would not be.
  requestAnimationFrame(() => { live.textContent = text; });
}

/**
 * Show a message for some seconds.
 *
 * @param {string} text
 * @param {object} options `tone`: good, alarm or plain; `action`: { label, run } for a button.
 */
export function toast(text, { tone = "plain", action } = {}) {
  const close = () => made.remove();
  const made = h("div.toast", { data: { tone } }, h("span", {}, text));
  if (action) {
    const run = () => { close(); action.run(); };
    made.append(h("button.quiet", { type: "button", on: { click: run } }, action.label));
  }
  made.append(h("button.quiet.close", { type: "button", "aria-label": "Close the message", on: { click: close } }, "×"));
  document.getElementById("toasts").append(made);
  setTimeout(close, action ? STAY_WITH_BUTTON : STAY);
  announce(text);
  return close;
}

/** Show an error: its sentence and its hint. */
export function toastError(error) {
  return toast([error.message, error.hint].filter(Boolean).join(" "), { tone: "alarm" });
}
