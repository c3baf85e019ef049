/** Desk: the keys that decide about the active item or the selected ones, and what follows. */

import { announce, toast, toastError } from "../announce.js";
import { counted } from "../format.js";
import { bind } from "../keys.js";
import { may } from "../session.js";
import { REJECT_REASONS, words } from "../states.js";

/** What an item shows before the answer is there. */
const LOOKS = {
  approve: ({ stage }) => ({ state: stage === "result" ? "done" : "queued", approved: stage === "result", verdict: "approve" }),
  reject: (_, reason) => ({ state: "rejected", reason, verdict: "reject" }),
};
const DONE = { approve: "approved", reject: "rejected" };

export class Desk {
  /**
   * @param {object} options `grid`, `outbox`, `signal`, `onMoved()`: something was decided;
   * `onSaved()`: and is saved.
   */
  constructor({ grid, outbox, signal, onMoved, onSaved }) {
    Object.assign(this, { grid, outbox, onMoved, onSaved, list: grid.list, selection: grid.selection });
    const group = "Deciding";
    bind(signal, [
      { id: "approve", label: "Approve", group, keys: ["p"], run: () => this.decide("approve") },
      { id: "reject", label: "Reject", group, keys: ["x"], run: () => this.decide("reject") },
      { id: "undo", label: "Undo the last decision", group, keys: ["u"], run: () => this.undo() },
      ...Object.entries(REJECT_REASONS).map(([reason, label], at) => ({
        id: `reject-${reason}`, label: `Reject: ${label.toLowerCase()}`, group, keys: [String(at + 1)],
        run: () => this.decide("reject", reason),
      })),
    ]);
  }

  /** Tiles that a decision would be about: the selected ones, else the active one. */
  get targets() {
    const { numbers, active } = this.selection;
    if (numbers.size) return [...numbers].map((number) => this.list.of(number)).filter(Boolean);
    return [this.list.at(active)].filter(Boolean);
  }

  /** Approve or reject what is held of them. */
  decide(action, reason = "") {
    if (!may("operator")) return announce("Your role may look, not decide.");
    const held = this.targets.filter(({ state }) => state === "held");
    if (!held.length) return announce("Nothing here waits for a decision.");
    const isMany = this.selection.numbers.size > 0;
    for (const stage of new Set(held.map((tile) => tile.stage))) {
      this.#send(action, stage, held.filter((tile) => tile.stage === stage), reason);
    }
    announce(this.#told(action, held, reason));
    if (isMany) this.selection.clear();
    this.#advance();
    this.onMoved();
  }

  /** One decision says what was seen of its items: masks or results, and not what they became since. */
  #send(action, stage, tiles, reason) {
    const takeBack = this.#show(action, tiles, reason);
    const numbers = tiles.map(({ number }) => number);
    const decision = { action, stage, numbers, ...(reason && { reason }) };
    this.outbox.decide(decision, { takeBack, onSaved: (answer) => this.#saved(action, answer), onRefused: toastError });
  }

  /** Take the last decision of this tab back. */
  undo() {
    const undone = this.outbox.undo({ onSaved: (answer) => this.#takenBack(answer), onRefused: toastError });
    if (!undone) return announce("Nothing was decided here; the history has what others did.");
    announce("Taken back.");
    const [first] = undone.numbers ?? [];
    const position = this.list.positions.get(first);
    if (position !== undefined) this.selection.move(position);
    this.grid.reveal();
    this.onMoved();
  }

  #takenBack({ too_late: late }) {
    if (late) toast(`${counted(late, "item")} could not be taken back: too late.`, { tone: "alarm" });
    this.onSaved();
  }

  #show(action, tiles, reason) {
    const undo = tiles.map((tile) => this.list.alter(tile.number, { ...LOOKS[action](tile, reason), unsaved: true }));
    return () => undo.forEach((one) => one());
  }

  #saved(action, { moved, skipped }) {
    if (skipped) toast(`${counted(moved, "item")} ${DONE[action]}; ${counted(skipped, "item")} had been decided or painted meanwhile.`);
    this.onSaved();
  }

  #told(action, tiles, reason) {
    const what = tiles.length === 1 ? tiles[0].name : counted(tiles.length, "item");
    return `${what} ${DONE[action]}${reason ? `: ${words(reason)}` : ""}.`;
  }

  /** On to the next item that is held, else stay. */
  #advance() {
    const { active } = this.selection;
    for (let position = active + 1; position < this.list.length; position += 1) {
      const tile = this.list.at(position);
      if (tile === undefined || tile.state === "held") {
        this.selection.move(position);
        break;
      }
    }
    this.grid.reveal();
  }
}
