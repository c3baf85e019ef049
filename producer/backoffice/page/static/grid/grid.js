/** Grid: a windowed listbox of tiles; however long the list, the page holds what is near the window. */

import { h, set } from "../dom.js";
import { Card } from "./card.js";
import { heightOf, layoutOf, rangeOf, spotOf } from "./layout.js";

/** Pixels beyond the window that are built, and that are read ahead. */
const MARGIN = 500;
const AHEAD = 1500;
/** Pictures of tiles so near the window are loaded. */
const PICTURE_MARGIN = "300px 0px";
/** Pixels that the active tile keeps free above itself, where the bar is, and below, to the dock. */
const ROOM = 68;
const ROOM_BELOW = 12;

export class Grid {
  /**
   * @param {object} options `list`, `selection`, `label` (to screen readers), `view` (pair, overlay
   *   or single), `size` (small, medium, large), `signal`, `onOpen(tile)`.
   */
  constructor(options) {
    Object.assign(this, options);
    this.cards = new Map();
    this.element = h("div.grid", {
      role: "listbox", "aria-multiselectable": "true", "aria-label": this.label, data: { view: this.view },
      on: { click: (event) => this.#click(event), dblclick: (event) => this.#open(event), focusin: (event) => this.#focus(event) },
    });
    this.near = new IntersectionObserver((entries) => this.#near(entries), { rootMargin: PICTURE_MARGIN });
    this.#listen();
  }

  /** Make the active tile seen, and give it the focus. */
  reveal({ focus = true, scroll = true } = {}) {
    if (!this.layout || !this.list.length) return;
    if (scroll) this.#scroll(spotOf(this.layout, this.selection.active)[1]);
    this.draw();
    if (focus) this.cards.get(this.selection.active)?.element.focus({ preventScroll: true });
  }

  #scroll(top) {
    const start = this.element.getBoundingClientRect().top + scrollY + top;
    const highest = start - ROOM;
    const lowest = start + this.layout.high + ROOM_BELOW + (document.querySelector(".desk")?.offsetHeight ?? 0) - innerHeight;
    if (scrollY < lowest) scrollTo({ top: Math.min(lowest, highest) });
    else if (scrollY > highest) scrollTo({ top: highest });
  }

  /** How many tiles stand side by side; and in the window below each other. */
  get columns() {
    return this.layout?.columns ?? 1;
  }

  get rows() {
    return Math.max(1, Math.floor((innerHeight - 2 * ROOM) / (this.layout?.step ?? innerHeight)));
  }

  #listen() {
    const { signal } = this;
    const later = () => { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); }); };
    addEventListener("scroll", later, { signal, passive: true });
    const resized = new ResizeObserver(() => { this.layout = null; later(); });
    resized.observe(this.element);
    this.list.addEventListener("change", later, { signal });
    this.selection.addEventListener("change", later, { signal });
    signal.addEventListener("abort", () => { resized.disconnect(); this.near.disconnect(); });
  }

  /** Build what is near the window, and take away what is not. */
  draw() {
    const width = this.element.clientWidth;
    if (!width) return;
    this.layout ??= layoutOf(width, this.size, this.view);
    set(this.element, { style: { height: `${heightOf(this.layout, this.list.length)}px` } });
    const top = -this.element.getBoundingClientRect().top;
    const [first, last] = rangeOf(this.layout, top - MARGIN, top + innerHeight + MARGIN, this.list.length);
    this.#drop(first, last);
    for (let position = first; position <= last; position += 1) this.#show(position);
    const { active } = this.selection;
    if (active < this.list.length && (active < first || active > last)) this.#show(active);
    this.list.ensure(first, rangeOf(this.layout, top, top + innerHeight + AHEAD, Infinity)[1]);
  }

  #drop(first, last) {
    for (const [position, card] of this.cards) {
      const isKept = position === this.selection.active || (position >= first && position <= last);
      if (isKept && position < this.list.length) continue;
      this.near.unobserve(card.element);
      card.element.remove();
      this.cards.delete(position);
    }
  }

  #show(position) {
    const card = this.cards.get(position) ?? this.#build(position);
    const tile = this.list.at(position);
    const isActive = position === this.selection.active;
    card.show(tile, { position, size: this.list.isWhole ? this.list.length : -1, isActive, isSelected: this.selection.has(tile) });
    const [left, top] = spotOf(this.layout, position);
    const { wide, high } = this.layout;
    set(card.element, { style: { transform: `translate(${left}px, ${top}px)`, width: `${wide}px`, height: `${high}px` } });
  }

  #build(position) {
    const card = new Card(this.batch, this.view);
    this.cards.set(position, card);
    card.element.dataset.position = position;
    // In reading order, for screen readers.
    const after = [...this.element.children].find((child) => Number(child.dataset.position) > position);
    this.element.insertBefore(card.element, after ?? null);
    this.near.observe(card.element);
    return card;
  }

  #near(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.cards.get(Number(target.dataset.position))?.picture();
    }
  }

  #positionOf(event) {
    const tile = event.target.closest(".item-tile");
    return tile ? Number(tile.dataset.position) : null;
  }

  #click(event) {
    const position = this.#positionOf(event);
    if (position === null) return;
    if (event.ctrlKey || event.metaKey || event.target.closest(".tick-corner")) return this.selection.toggle(position);
    if (event.pointerType === "touch" && position === this.selection.active && this.touched === position) return this.#open(event);
    this.touched = position;
    this.selection.move(position, { extend: event.shiftKey });
    this.cards.get(position)?.element.focus({ preventScroll: true });
  }

  #open(event) {
    const tile = this.list.at(this.#positionOf(event));
    if (tile) this.onOpen(tile);
  }

  #focus(event) {
    const position = this.#positionOf(event);
    if (position !== null && position !== this.selection.active) this.selection.move(position);
  }
}
