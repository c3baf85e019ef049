/** Details: items with everything that the API tells of one, kept in a bounded cache. */

import { batchPath, get } from "../api.js";
import { Shelf } from "./shelf.js";

/** Items kept: a few kilobytes each. */
const KEPT = 60;

/** The items of a batch by their numbers. */
export class Details {
  #batch;
  #shelf = new Shelf(KEPT);

  /** @param {string} batch */
  constructor(batch) {
    this.#batch = batch;
  }

  /** An item with its sidecar, history and links. */
  get(number) {
    return this.#shelf.get(String(number), (signal) => get(this.path(number), {}, { signal }));
  }

  /** The same where it is there already. */
  peek(number) {
    return this.#shelf.peek(String(number));
  }

  /** Put a newer one in its place. */
  put(item) {
    this.#shelf.put(String(item.number), item);
  }

  /** Forget one, so that it is asked for anew. */
  drop(number) {
    this.#shelf.drop(String(number));
  }

  path(number) {
    return batchPath(this.#batch, "items", number);
  }

  clear() {
    this.#shelf.clear();
  }
}
