/** Walk: the items that the gallery's filter lets through, in order, as far as they were needed. */

import { batchPath, get } from "../api.js";

/** How many items are asked for at once. */
const PAGE = 100;
/** How far back the first look goes; it doubles where nothing matches. */
const FIRST_LOOK = 64;
/** Rows kept; those farthest from the present one are forgotten. */
const KEPT = 600;

/** The neighbours of an item, which may itself no longer match: its number is enough. */
export class Walk {
  #batch;
  #filter;
  #signal;
  #rows = new Map();
  #numbers = [];
  #first = null;
  #last = null;
  #busy = { ahead: null, behind: null };

  /** @param {string} batch @param {URLSearchParams} filter @param {AbortSignal} signal */
  constructor(batch, filter, signal) {
    this.#batch = batch;
    this.#filter = filter;
    this.#signal = signal;
  }

  /** Begin at an item: what is known lies on both sides of it. */
  startAt(number) {
    this.#first = number;
    this.#last = number;
  }

  /** An item as the list had it. */
  row(number) {
    return this.#rows.get(number);
  }

  /** Put a newer one in its place, and see to it that the walk comes back to it. */
  update(item) {
    this.#rows.set(item.number, item);
    this.#insert(item.number);
  }

  /** The numbers of the next items that are known, nearest first. */
  ahead(number, count) {
    return this.#numbers.slice(this.#placeAfter(number)).slice(0, count);
  }

  /** The numbers of the items before, nearest first. */
  behind(number, count) {
    const at = this.#numbers.findIndex((one) => one >= number);
    const before = at < 0 ? this.#numbers : this.#numbers.slice(0, at);
    return before.slice(-count).reverse();
  }

  /** The next item's number; null where there is none. */
  async next(number) {
    while (!this.ahead(number, 1).length && this.#last !== null) await this.#more("ahead");
    return this.ahead(number, 1)[0] ?? null;
  }

  /** The number of the item before; null where there is none. */
  async previous(number) {
    while (!this.behind(number, 1).length && this.#first > 0) await this.#more("behind");
    return this.behind(number, 1)[0] ?? null;
  }

  /** See to it that so many items on each side are known. */
  async prepare(number, ahead, behind) {
    if (this.ahead(number, ahead).length < ahead && this.#last !== null) await this.#more("ahead");
    if (this.behind(number, behind).length < behind && this.#first > 0) await this.#more("behind");
    this.#forget(number);
  }

  /** One question for each side at a time: whoever comes second waits for the first's answer. */
  #more(side) {
    const ask = side === "ahead" ? () => this.#lookAhead() : () => this.#lookBehind();
    this.#busy[side] ??= ask().finally(() => (this.#busy[side] = null));
    return this.#busy[side];
  }

  async #lookAhead() {
    const { items, next } = await this.#page(this.#last);
    this.#take(items);
    this.#last = next === null || !items.length ? null : items.at(-1).number;
  }

  /** The list only runs forwards: look at ever longer stretches before the first known item. */
  async #lookBehind() {
    const end = this.#first;
    let span = FIRST_LOOK;
    for (let start = end - span; ; start = end - (span *= 4)) {
      const found = await this.#between(Math.max(0, start), end);
      this.#take(found);
      if (found.length || start <= 0) return void (this.#first = found.length ? found[0].number : 0);
    }
  }

  /** The last page of the matching items from one number up to, and without, another. */
  async #between(start, end) {
    let kept = [];
    for (let after = start - 1; after !== null; ) {
      const { items, next } = await this.#page(after);
      const within = items.filter(({ number }) => number < end);
      kept = [...kept, ...within].slice(-PAGE);
      after = within.length < items.length || !items.length ? null : next;
      if (after !== null && after >= end - 1) after = null;
    }
    return kept;
  }

  #page(after) {
    const query = new URLSearchParams(this.#filter);
    query.set("limit", String(PAGE));
    if (after >= 0) query.set("after", String(after));
    return get(batchPath(this.#batch, "items"), query, { signal: this.#signal });
  }

  #take(items) {
    for (const item of items) this.#rows.set(item.number, item);
    const all = new Set([...this.#numbers, ...items.map(({ number }) => number)]);
    this.#numbers = [...all].sort((one, other) => one - other);
  }

  #insert(number) {
    if (!this.#numbers.includes(number)) this.#take([this.#rows.get(number)]);
  }

  #placeAfter(number) {
    const at = this.#numbers.findIndex((one) => one > number);
    return at < 0 ? this.#numbers.length : at;
  }

  /** Forget rows on both ends once there are many; the ends move with them. */
  #forget(number) {
    while (this.#numbers.length > KEPT) {
      const fromStart = number - this.#numbers[0] > this.#numbers.at(-1) - number;
      this.#rows.delete(fromStart ? this.#numbers.shift() : this.#numbers.pop());
      if (fromStart) this.#first = this.#numbers[0];
      else this.#last = this.#numbers.at(-1);
    }
  }
}
