/** Reasons: the question why a picture is rejected, answered by one key. */

import { h } from "../dom.js";
import { REJECT_REASONS } from "../states.js";

/** Longest reason in a person's own words, in characters. */
const LONGEST = 200;

/** Opens below the decisions; it takes the focus, and gives it back. */
export class Reasons {
  #onReason;
  #back = null;
  #own = h("input", { type: "text", maxlength: String(LONGEST), placeholder: "Own words", "aria-label": "Reason in your own words" });

  /** @param {(reason: string) => void} onReason */
  constructor(onReason) {
    this.#onReason = onReason;
    const choices = Object.entries(REJECT_REASONS).map(([reason, label], at) => h("button", {
      type: "button", "aria-keyshortcuts": String(at + 1), on: { click: () => this.#give(reason) },
    }, label, h("kbd", { "aria-hidden": "true" }, String(at + 1))));
    const form = h("form.row", { on: { submit: (event) => this.#submit(event) } }, this.#own, h("button.danger", { type: "submit" }, "Reject"));
    this.element = h("div.reasons", {
      role: "group", "aria-label": "Why is it rejected?", tabindex: "-1", hidden: true, on: { keydown: (event) => this.#press(event) },
    }, h("p", {}, "Why? ", h("span.by-key", {}, "1 to 5; Enter for other, Esc to go back")), h("div.choices", {}, choices), form);
  }

  get open() {
    return !this.element.hidden;
  }

  ask() {
    this.#back = document.activeElement;
    this.element.hidden = false;
    this.#own.value = "";
    this.element.focus();
  }

  close() {
    if (!this.open) return;
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    if (inside) this.#back?.focus();
  }

  /** Every key is the question's own while it is asked. */
  #press(event) {
    const typing = event.target === this.#own;
    const reason = Object.keys(REJECT_REASONS)[Number(event.key) - 1];
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.element) this.#give("other");
    else if (reason && !typing) this.#give(reason);
    else return void (typing || event.key === "Tab" || event.key === "Enter" || event.stopPropagation());
    event.preventDefault();
    event.stopPropagation();
  }

  #submit(event) {
    event.preventDefault();
    this.#give(this.#own.value.trim() || "other");
  }

  #give(reason) {
    this.close();
    this.#onReason(reason);
  }
}
