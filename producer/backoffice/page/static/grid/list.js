/** ItemList: the items that match a filter, page by page, kept up to date by the changes feed. */

import { batchPath, get } from "../api.js";
import { isOpen, matches } from "./filter.js";
import { renewed, tileOf } from "./tile.js";

/** Items of one request. */
const PAGE = 100;
/** Most pages that are read on the way to an item that a link names. */
const MOST_PAGES_TO_FIND = 40;

/**
 * Without a filter an item's position is its number, so any page can be read at once; with one,
 * pages are read in turn. Tells "change" (with the positions, or none for all) and "error".
 */
export class ItemList extends EventTarget {
  /**
   * @param {string} batch
   * @param {object} filter see filter.js.
   * @param {object} options `total`: items on the board, numbered from 0; `signal`; `grows`: items
   *   that come to match are put at the end, in the order in which they come.
   */
  constructor(batch, filter, { total, signal, grows = false }) {
    super();
    Object.assign(this, { batch, filter, signal, grows });
    this.isDense = isOpen(filter);
    this.tiles = this.isDense ? new Array(total) : [];
    this.positions = new Map();
    /** Numbers of items that came to match and are not in the list. */
    this.fresh = new Set();
    this.isWhole = this.isDense;
    this.next = -1;
    this.loading = new Map();
  }

  get length() {
    return this.tiles.length;
  }

  at(position) {
    return this.tiles[position];
  }

  of(number) {
    return this.tiles[this.positions.get(number)];
  }

  /** See to it that positions of a range are there, or on their way. */
  ensure(from, to) {
    if (!this.isDense) return to >= this.length ? this.#extend() : null;
    const pages = [];
    for (let page = Math.floor(from / PAGE); page * PAGE <= Math.min(to, this.length - 1); page += 1) {
      if (this.tiles[page * PAGE] === undefined) pages.push(this.#load(page, page * PAGE - 1));
    }
    return Promise.all(pages);
  }

  /** The position of an item, or of the next one that is there; pages up to it are read. */
  async find(number) {
    if (this.isDense) return Math.min(number, this.length - 1);
    for (let pages = 0; pages < MOST_PAGES_TO_FIND && !this.isWhole; pages += 1) {
      if (this.length && this.tiles.at(-1).number >= number) break;
      if (!await this.#extend()) break;
    }
    const found = this.positions.get(number) ?? this.tiles.findIndex((tile) => tile.number >= number);
    return Math.max(0, found);
  }

  /** Take items as the changes feed has them. */
  take(items) {
    const changed = [];
    for (const item of items) {
      const position = this.isDense ? item.number : this.positions.get(item.number);
      if (position !== undefined && this.tiles[position]) changed.push(this.#put(position, renewed(this.tiles[position], item)));
      else if (!this.isDense) this.#welcome(tileOf(item));
    }
    if (changed.length) this.#tell("change", changed);
  }

  /** Change what a tile shows before the API says so; answers with what undoes it. */
  alter(number, changes) {
    const position = this.positions.get(number);
    if (position === undefined) return () => {};
    const before = this.tiles[position];
    this.#put(position, { ...before, ...changes });
    this.#tell("change", [position]);
    return () => {
      const kept = Object.fromEntries(Object.keys(changes).map((name) => [name, before[name]]));
      this.#put(position, { ...this.tiles[position], ...kept });
      this.#tell("change", [position]);
    };
  }

  /** Take out what no longer matches. */
  sweep() {
    const kept = this.tiles.filter((tile) => matches(tile, this.filter));
    this.tiles = [];
    this.positions.clear();
    for (const tile of kept) this.#put(this.tiles.length, tile);
    this.#tell("change", null);
  }

  /** How many are shown that no longer match. */
  get stale() {
    return this.isDense ? 0 : this.tiles.reduce((sum, tile) => sum + !matches(tile, this.filter), 0);
  }

  #welcome(tile) {
    if (!matches(tile, this.filter)) this.fresh.delete(tile.number);
    else if (this.grows && this.isWhole) {
      this.#put(this.length, tile);
      this.#tell("change", null);
    } else if (this.isWhole || tile.number <= this.next) {
      this.fresh.add(tile.number);
      this.#tell("change", []);
    }
  }

  async #extend() {
    if (this.isWhole) return false;
    const next = await this.#load("next", this.next);
    return next;
  }

  /** Read a page once; whoever asks meanwhile awaits the same. */
  #load(page, after) {
    if (!this.loading.has(page)) {
      const done = this.#read(page, after).finally(() => this.loading.delete(page));
      this.loading.set(page, done);
    }
    return this.loading.get(page);
  }

  async #read(page, after) {
    try {
      const query = { ...this.filter, after, limit: PAGE };
      const { items, next } = await get(batchPath(this.batch, "items"), query, { signal: this.signal });
      for (const item of items) this.#put(this.isDense ? item.number : this.#place(item.number), tileOf(item));
      if (page === "next") Object.assign(this, { next: next ?? this.next, isWhole: next === null });
      this.#tell("change", null);
      return true;
    } catch (error) {
      if (error.name !== "AbortError") this.#tell("error", error);
      return false;
    }
  }

  #place(number) {
    return this.positions.get(number) ?? this.length;
  }

  #put(position, tile) {
    this.tiles[position] = tile;
    this.positions.set(tile.number, position);
    return position;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
