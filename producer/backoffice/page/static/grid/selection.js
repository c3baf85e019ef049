/** Selection: the active position, and the numbers that are selected. */

export class Selection extends EventTarget {
  constructor(list) {
    super();
    this.list = list;
    this.active = 0;
    this.numbers = new Set();
    this.anchor = null;
  }

  /** Make a position the active one; with `extend`, select from the anchor to it. */
  move(position, { extend = false } = {}) {
    const last = this.list.length - 1;
    const next = Math.max(0, Math.min(last, position));
    if (extend) this.#extend(next);
    else this.anchor = next;
    this.active = next;
    this.#tell();
  }

  /** Select the active item, or take it out. */
  toggle(position = this.active) {
    const tile = this.list.at(position);
    if (!tile) return;
    if (!this.numbers.delete(tile.number)) this.numbers.add(tile.number);
    this.active = this.anchor = position;
    this.#tell();
  }

  /** Select nothing. */
  clear() {
    this.numbers.clear();
    this.#tell();
  }

  has(tile) {
    return tile !== undefined && this.numbers.has(tile.number);
  }

  #extend(to) {
    this.anchor ??= this.active;
    this.numbers.clear();
    const [first, last] = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    for (let position = first; position <= last; position += 1) {
      const tile = this.list.at(position);
      if (tile) this.numbers.add(tile.number);
    }
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
