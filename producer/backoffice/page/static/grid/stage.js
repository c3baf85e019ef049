/** Stage: a list, its grid, the desk and the dock, put together for a filter; the gallery and the contact sheet are such. */

import { h, fill, tell } from "../dom.js";
import { toastError } from "../announce.js";
import { counted } from "../format.js";
import { Desk } from "../decisions/desk.js";
import { Dock } from "../decisions/dock.js";
import { outboxOf } from "../decisions/outbox.js";
import { go, query, setQuery } from "../router.js";
import { Grid } from "./grid.js";
import { ItemList } from "./list.js";
import { bindMoving } from "./moving.js";
import { Selection } from "./selection.js";

/** Milliseconds of rest before the address names the active item. */
const REST = 300;

export class Stage {
  /**
   * @param {object} options `batch`, `filter`, `total`, `grows`, `view`, `size`, `label`, `signal`,
   *   `nothing` (what stands where nothing matches), `onRerender(numbers)`, `onSaved()`
   *   (a decision is saved).
   */
  constructor(options) {
    const { batch, filter, total, grows, signal, label, view, size, onRerender, onSaved } = options;
    Object.assign(this, { batch, filter, nothing: options.nothing, signal });
    this.list = new ItemList(batch, filter, { total, signal, grows });
    this.selection = new Selection(this.list);
    this.grid = new Grid({ batch, list: this.list, selection: this.selection, label, view, size, signal, onOpen: (tile) => this.#open(tile) });
    this.outbox = outboxOf(batch);
    this.desk = new Desk({ grid: this.grid, outbox: this.outbox, signal, onMoved: () => this.#note(), onSaved });
    bindMoving(this.grid, signal);
    const chosen = () => this.desk.targets.map(({ number }) => number);
    this.news = h("button.news", { type: "button", hidden: true, on: { click: () => this.#refresh() } });
    this.dock = new Dock({ desk: this.desk, signal, news: this.news, onRerender: () => onRerender(chosen()) });
    this.empty = h("div");
    this.element = h("div.gallery", {}, this.grid.element, this.empty, this.dock.element);
    this.#listen();
  }

  /** Begin at the item that the address names. */
  async begin() {
    const at = query().get("at");
    const position = at === null ? 0 : await this.list.find(Number(at));
    if (!this.list.isDense && !this.list.length) await this.list.ensure(0, 0);
    if (this.signal.aborted) return;
    this.selection.move(position);
    this.#note();
    this.grid.draw();
    if (position) this.grid.reveal({ focus: false });
  }

  /** Take items from the changes feed. */
  take(items) {
    this.list.take(items);
  }

  #listen() {
    const { signal } = this;
    this.list.addEventListener("change", () => this.#note(), { signal });
    this.list.addEventListener("error", ({ detail }) => this.#failed(detail), { signal });
    this.selection.addEventListener("change", () => this.#keepPlace(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** Say what is shown and does not match any more, or matches and is not shown. */
  #note() {
    const { list } = this;
    const isEmpty = !list.length && list.isWhole;
    this.grid.element.hidden = !list.length;
    fill(this.empty, isEmpty && !list.fresh.size && this.nothing());
    const stale = list.isDense ? 0 : list.stale;
    const parts = [list.fresh.size && `Show ${counted(list.fresh.size, "new item")}`, stale && `Put away ${counted(stale, "decided item")}`];
    this.news.hidden = !parts.some(Boolean);
    tell(this.news, parts.filter(Boolean).join(" · "));
    this.dock.show();
  }

  #refresh() {
    if (this.list.fresh.size) return setQuery({ at: null });
    this.list.sweep();
    this.selection.move(0);
    this.grid.reveal();
  }

  #failed(error) {
    if (!error.passing) toastError(error);
    // A page that could not be read is asked for again by the next drawing.
    else setTimeout(() => this.signal.aborted || this.grid.draw(), 2000);
  }

  #keepPlace() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const tile = this.list.at(this.selection.active);
      if (tile) setQuery({ at: this.selection.active ? tile.number : null }, { quiet: true });
    }, REST);
  }

  /** The item under the same filter, so that its next one is the grid's next one. */
  #open(tile) {
    const kept = query();
    kept.delete("at");
    for (const [name, value] of Object.entries(this.filter)) {
      kept.delete(name);
      for (const one of [value].flat()) kept.append(name, one);
    }
    setQuery({ at: tile.number }, { quiet: true });
    go(`/batches/${encodeURIComponent(this.batch)}/items/${tile.number}`, kept);
  }
}
