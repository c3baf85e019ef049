/** A value that others follow. */

export class Store {
  #value;
  #followers = new Set();

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** Change it and tell who follows; an equal value is no change. */
  set(value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const follower of [...this.#followers]) follower(value);
  }

  /** Call with the present value and with each new one, until the signal aborts. */
  follow(follower, signal) {
    this.#followers.add(follower);
    signal?.addEventListener("abort", () => this.#followers.delete(follower));
    follower(this.#value);
  }
}
