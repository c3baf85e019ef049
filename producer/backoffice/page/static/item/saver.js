/** Saver: decisions on their way to the board, one after the other, tried again while it is away. */

import { batchPath, post } from "../api.js";
import { Store } from "../store.js";

/** Waits between tries, in milliseconds; then a person is asked. */
const WAITS = [400, 1000, 2000, 4000, 8000];

/** Sends what was decided, in order, so that an undo never overtakes its decision. */
export class Saver {
  #batch;
  #line = Promise.resolve();
  /** How many decisions are on their way. */
  open = new Store(0);

  /** @param {string} batch @param {AbortSignal} signal of the view: what is unsaved holds the tab */
  constructor(batch, signal) {
    this.#batch = batch;
    addEventListener("beforeunload", (event) => this.open.value && event.preventDefault(), { signal });
  }

  /** Decide: `{ action, numbers, reason?, variant? }` to `{ decision, moved, skipped }`. */
  decide(decision) {
    return this.#after(batchPath(this.#batch, "decisions"), decision);
  }

  /** Take a decision back: to `{ moved, too_late }`. */
  undo(decision) {
    return this.#after(batchPath(this.#batch, "decisions", decision, "undo"), {});
  }

  /** Run when all before it is saved or given up. */
  #after(path, body) {
    // The name of the try: a decision whose answer was lost is found again, not made twice.
    const headers = { "Idempotency-Key": randomName() };
    this.open.set(this.open.value + 1);
    const sent = this.#line.then(() => insisting(() => post(path, body, { headers })));
    this.#line = sent.catch(() => {}).finally(() => this.open.set(this.open.value - 1));
    return sent;
  }
}

async function insisting(send) {
  for (const wait of WAITS) {
    try {
      return await send();
    } catch (error) {
      if (!error.passing) throw error;
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
  return send();
}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
