/** Outbox: decisions are shown at once and saved behind the scenes, in order, again where it fails. */

import { batchPath, freshId, post } from "../api.js";
import { Store } from "../store.js";

/** Milliseconds before the first repetition, and the longest between two. */
const FIRST_WAIT = 800;
const LONGEST_WAIT = 15_000;

const outboxes = new Map();

/** The outbox of a batch: one in this tab, so that leaving a view loses nothing. */
export function outboxOf(batch) {
  if (!outboxes.has(batch)) outboxes.set(batch, new Outbox(batch));
  return outboxes.get(batch);
}

export class Outbox {
  #queue = [];
  #done = [];
  #isRunning = false;

  constructor(batch) {
    this.batch = batch;
    /** How many decisions are not saved yet. */
    this.waiting = new Store(0);
    /** How many decisions of this tab can be taken back. */
    this.undoable = new Store(0);
  }

  /**
   * Decide.
   *
   * @param {object} decision body of the API's POST: action, numbers or filter, reason, variant.
   * @param {object} options `takeBack()` undoes what the page shows already; `onSaved(answer)`;
   *   `onRefused(error)`, after `takeBack`.
   */
  decide(decision, { takeBack = () => {}, onSaved = () => {}, onRefused = () => {} } = {}) {
    const entry = { decision, takeBack, onSaved, onRefused, id: null };
    // Its id is made here: sent once more after a lost answer, it is still one decision.
    const body = { ...decision, id: freshId() };
    this.#done.push(entry);
    this.#send(entry, async () => {
      const answer = await post(batchPath(this.batch, "decisions"), body);
      entry.id = answer.decision;
      onSaved(answer);
    });
  }

  /** Take a decision that was saved elsewhere into account, so that `undo` takes it back first. */
  remember(id) {
    this.#done.push({ id, takeBack: () => {}, decision: {} });
    this.undoable.set(this.#done.length);
  }

  /**
   * Take the last decision of this tab back. One that is not on its way yet is not sent at all.
   *
   * @returns {object|null} the decision, or null where there is none.
   */
  undo({ onSaved = () => {}, onRefused = () => {} } = {}) {
    const entry = this.#done.pop();
    if (!entry) return null;
    entry.takeBack();
    const unsent = this.#queue.findIndex((job) => job.entry === entry);
    if (unsent > 0 || (unsent === 0 && !this.#isRunning)) this.#queue.splice(unsent, 1);
    else this.#send({ takeBack: () => {}, onRefused }, () => this.#undoSaved(entry, onSaved));
    this.#count();
    return entry.decision;
  }

  async #undoSaved(entry, onSaved) {
    // It was refused meanwhile: there is nothing to take back.
    if (entry.id) onSaved(await post(batchPath(this.batch, "decisions", entry.id, "undo")));
  }

  #send(entry, job) {
    this.#queue.push({ entry, job });
    this.#count();
    this.#run();
  }

  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let wait = FIRST_WAIT; this.#queue.length;) {
      const { entry, job } = this.#queue[0];
      try {
        await job();
        wait = FIRST_WAIT;
      } catch (error) {
        if (error.passing) {
          await new Promise((wake) => setTimeout(wake, wait));
          wait = Math.min(LONGEST_WAIT, wait * 2);
          continue;
        }
        this.#refuse(entry, error);
      }
      this.#queue.shift();
      this.#count();
    }
    this.#isRunning = false;
  }

  #refuse(entry, error) {
    this.#done = this.#done.filter((one) => one !== entry);
    entry.takeBack();
    entry.onRefused(error);
  }

  #count() {
    this.waiting.set(this.#queue.length);
    this.undoable.set(this.#done.length);
  }
}

addEventListener("beforeunload", (event) => {
  if ([...outboxes.values()].some((outbox) => outbox.waiting.value)) event.preventDefault();
});
