/** Dock: the bar below the grid with what can be done to the active item or the selected ones. */

import { fill, h, tell } from "../dom.js";
import { counted, score } from "../format.js";
import { button } from "../keys.js";
import { menu } from "../menu.js";
import { may } from "../session.js";
import { REJECT_REASONS, words } from "../states.js";

export class Dock {
  /** @param {object} options `desk`, `signal`, `news` (a button, shown while there is any), `onRerender()`. */
  constructor({ desk, signal, news, onRerender }) {
    Object.assign(this, { desk, news });
    this.what = h("span.clip.what");
    this.detail = h("span.clip.soft.small");
    this.unsaved = h("span.chip", { hidden: true, data: { tone: "wait" } });
    this.verbs = h("div.verbs", {}, button("approve", "Approve", { class: "approve" }), button("reject", "Reject", { class: "danger" }));
    this.reasons = reasonButtons();
    this.undo = button("undo", "Undo", { class: "quiet" });
    this.rerender = h("button.quiet", { type: "button", on: { click: onRerender } }, "Render again…");
    this.element = h("section.desk", { "aria-label": "Decide" },
      h("div.about", {}, this.what, this.detail), news, this.unsaved,
      may("operator") && [this.verbs, this.reasons, h("div.others", {}, this.undo, button("select", "Select", { class: "quiet" }), this.rerender)]);
    this.#follow(signal);
  }

  #follow(signal) {
    const { outbox, selection, list } = this.desk;
    const show = () => this.show();
    selection.addEventListener("change", show, { signal });
    list.addEventListener("change", show, { signal });
    outbox.undoable.follow((count) => { this.undo.disabled = !count; }, signal);
    outbox.waiting.follow((count) => {
      this.unsaved.hidden = !count;
      tell(this.unsaved, `${count} not saved yet`);
    }, signal);
  }

  /** Say what a decision would be about. */
  show() {
    const { targets, selection } = this.desk;
    const held = targets.filter(({ state }) => state === "held").length;
    this.element.hidden = !targets.length && this.news.hidden;
    if (!targets.length) for (const text of [this.what, this.detail]) tell(text, "");
    if (selection.numbers.size) {
      tell(this.what, `${counted(selection.numbers.size, "item")} selected`);
      tell(this.detail, held === targets.length ? "" : `${held} of them held`);
    } else if (targets.length) {
      tell(this.what, targets[0].name);
      tell(this.detail, detail(targets[0]));
    }
    for (const one of [this.verbs, this.reasons]) one.hidden = !held;
  }
}

function reasonButtons() {
  return menu("Reject as…", Object.entries(REJECT_REASONS).map(([reason, label]) => button(`reject-${reason}`, label)));
}

function detail(tile) {
  const parts = [tile.state === "held" ? `held: ${tile.stage}` : tile.state, tile.reason && words(tile.reason)];
  if (tile.score != null) parts.push(`score ${score(tile.score)}`);
  parts.push(...tile.reasons.map(words), tile.message, tile.by && `by ${tile.by}`);
  return parts.filter(Boolean).join(" · ");
}
