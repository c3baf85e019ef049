/** Shelf: what was loaded lies ready, the least recently used leaves first. */

/** A bounded cache of promises; what failed is forgotten, so that it may be asked for again. */
export class Shelf {
  #capacity;
  #entries = new Map();

  /** @param {number} capacity how many things it holds */
  constructor(capacity) {
    this.#capacity = capacity;
  }

  /**
   * The thing of that name, loaded where it is not there yet.
   * @template T
   * @param {string} name
   * @param {(signal: AbortSignal) => Promise<T>} load
   * @returns {Promise<T>}
   */
  get(name, load) {
    const found = this.#entries.get(name) ?? this.#load(name, load);
    this.#entries.delete(name);
    this.#entries.set(name, found);
    this.#trim();
    return found.promise;
  }

  /** The thing itself where it has arrived, else undefined. */
  peek(name) {
    return this.#entries.get(name)?.value;
  }

  /** Put a thing that is there already in the place of what was. */
  put(name, value) {
    this.#entries.delete(name);
    this.#entries.set(name, { abort: new AbortController(), value, promise: Promise.resolve(value) });
    this.#trim();
  }

  /** Forget a thing; whoever waits for it still gets it. */
  drop(name) {
    this.#entries.delete(name);
  }

  /** Forget everything, and what is on its way too. */
  clear() {
    for (const name of [...this.#entries.keys()]) this.#leave(name);
  }

  #leave(name) {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (entry.value === undefined) entry.abort.abort();
  }

  #load(name, load) {
    const abort = new AbortController();
    const entry = { abort, value: undefined, promise: load(abort.signal) };
    entry.promise.then(
      (value) => Object.assign(entry, { value }),
      () => this.#entries.get(name) === entry && this.#entries.delete(name),
    );
    return entry;
  }

  #trim() {
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) return;
      this.#leave(name);
    }
  }
}
