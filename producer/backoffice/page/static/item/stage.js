/** Stage: the panes of the item that is looked at, under one camera. */

import { h } from "../dom.js";
import { arranged } from "./arrangement.js";
import { facesOf } from "./files.js";
import { watchGestures } from "./gestures.js";
import { Pane } from "./pane.js";
import { Wipe } from "./wipe.js";

/** From this many screen pixels per picture pixel on, pixels are shown as squares. */
const CRISP_FROM = 3;

/** Where an item's pictures are looked at. */
export class Stage {
  #camera;
  #pictures;
  #panes = [];
  #wipe;
  #contents = [];
  #item = null;
  #aspect = 1;
  #naturalWidth = 1024;
  #box = { width: 1, height: 1 };
  #onChoose;

  /**
   * @param {{ camera: object, pictures: object, signal: AbortSignal, onChoose: (variant: number) => void }} parts
   */
  constructor({ camera, pictures, signal, onChoose }) {
    this.#camera = camera;
    this.#pictures = pictures;
    this.#onChoose = onChoose;
    this.element = h("div.stage", { role: "group", "aria-label": "Pictures" });
    this.#wipe = new Wipe(this.#pane(0).after.element);
    this.#pane(0).element.append(this.#wipe.element);
    camera.addEventListener("change", () => this.#place(), { signal });
    watchGestures(this.element, camera, this.#follower(), signal);
    const watcher = new ResizeObserver(() => this.#measure());
    watcher.observe(this.element);
    signal.addEventListener("abort", () => watcher.disconnect());
  }

  /** The overlay of the pane that shows the mask; null in modes that show none. */
  get maskOverlay() {
    const at = this.#contents.findIndex(({ masked }) => masked);
    return at < 0 ? null : this.#panes[at].overlay;
  }

  /**
   * Show an item: its thumbnails at once, the full pictures when they are decoded.
   * @param {object} item as the API has it
   * @param {{ mode: string, variant: number, strip: import("./pictures.js").Strip | null }} how
   */
  show(item, { mode, variant, strip }) {
    const before = this.#contents.length;
    this.#contents = arranged(item, mode, variant);
    this.#item = item;
    if (strip) this.#aspect = strip.tileWidth / strip.height;
    this.#contents.forEach((content, at) => this.#fill(this.#pane(at), content, strip, variant));
    for (const pane of this.#panes.splice(Math.max(1, this.#contents.length))) pane.element.remove();
    this.#wipe.active = this.#contents[0].wiped;
    if (before === this.#contents.length) this.#frame();
    else this.#measure();
  }

  /** Show the source in every pane for as long as a key or pointer is held. */
  peek(held) {
    this.element.classList.toggle("peeking", held);
    this.#contents.forEach((content, at) => this.#cover(this.#panes[at], content, held));
  }

  /** Outline the squares that were painted; an empty list takes the outlines away. */
  outline(crops, size) {
    for (const pane of this.#panes) pane.overlay.outline(crops, size);
  }

  /** Take the picture's true size in pixels. */
  setNatural(size) {
    this.#take(size);
    this.#frame();
  }

  #pane(at) {
    if (this.#panes[at]) return this.#panes[at];
    const pane = new Pane();
    this.#panes[at] = pane;
    this.element.append(pane.element);
    return pane;
  }

  #fill(pane, content, strip, variant) {
    const item = this.#item;
    const name = item.spec.external_id;
    const source = facesOf(item)[0];
    pane.element.classList.toggle("chosen", this.#contents.length > 2 && content.variant === variant);
    pane.overlay.clear();
    pane.before.show(`Source of ${name}`, strip, source, this.#fullOf(item, source));
    if (content.after) {
      pane.after.show(`${content.label} of ${name}`, strip, content.after, this.#fullOf(item, content.after));
    }
    this.#cover(pane, content, false);
  }

  #fullOf(item, face) {
    const load = async () => {
      const found = await this.#pictures.full(item, face.name);
      if (item === this.#item && face.name === "source") this.setNatural(found);
      return found;
    };
    const ready = this.#pictures.readyFull(item, face.name);
    if (ready && face.name === "source") this.#take(ready);
    return { url: this.#pictures.url(item, face.name), ready, load };
  }

  #take({ width, height }) {
    this.#aspect = width / height;
    this.#naturalWidth = width;
  }

  #cover(pane, { after, label, right, wiped, masked }, held) {
    pane.whole = !wiped;
    pane.covered = Boolean(after) && !held;
    pane.overlay.element.hidden = held && masked;
    if (held) pane.label("Source", "");
    else pane.label(label, right);
  }

  #measure() {
    const columns = columnsFor(this.#contents.length, this.element, this.#aspect);
    this.element.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const { clientWidth: width, clientHeight: height } = this.#panes[0].element;
    this.#box = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#frame();
  }

  #frame() {
    const { width, height } = this.#box;
    const fitWidth = Math.min(width, height * this.#aspect);
    const fitHeight = fitWidth / this.#aspect;
    this.#camera.setFrame({ width, height, fitWidth, fitHeight, naturalWidth: this.#naturalWidth });
  }

  #place() {
    const placement = this.#camera.placement();
    const crisp = this.#camera.percent >= CRISP_FROM;
    this.element.classList.toggle("cropped", this.#camera.cropped);
    for (const pane of this.#panes) pane.place(placement, this.#camera.frame, crisp);
  }

  #follower() {
    return {
      press: (event) => this.#press(event),
      drag: (event) => this.#dragWipe(event),
      release: () => this.peek(false),
      tap: (event) => this.#choose(event),
    };
  }

  #press(event) {
    if (this.#wipe.active) {
      const taken = Boolean(event.target.closest(".wipe")) || !this.#camera.cropped;
      if (taken) this.#dragWipe(event);
      return taken;
    }
    if (this.#contents.length === 1) this.peek(true);
    return false;
  }

  #dragWipe(event) {
    const { left, width } = this.#panes[0].element.getBoundingClientRect();
    this.#wipe.moveTo((event.clientX - left) / width);
  }

  #choose(event) {
    const pane = document.elementFromPoint(event.clientX, event.clientY)?.closest(".pane");
    const at = this.#panes.findIndex(({ element }) => element === pane);
    const variant = this.#contents[at]?.variant;
    if (this.#contents.length > 2 && variant) this.#onChoose(variant);
  }
}

/** How many columns show so many pictures the largest. */
function columnsFor(count, { clientWidth, clientHeight }, aspect) {
  const sizeIn = (columns) => Math.min(clientWidth / columns, (clientHeight / Math.ceil(count / columns)) * aspect);
  const possible = Array.from({ length: Math.max(1, count) }, (_, at) => at + 1);
  return possible.reduce((best, columns) => (sizeIn(columns) > sizeIn(best) ? columns : best), 1);
}
