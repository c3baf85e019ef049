/** Viewer: which item is looked at, and how; leads from one to the next. */

import { announce, toastError } from "../announce.js";
import { batchPath, get } from "../api.js";
import { score } from "../format.js";
import { poll } from "../poll.js";
import { go } from "../router.js";
import { modeFor } from "./arrangement.js";
import { countVariants } from "./files.js";
import { gateOf, sizeOf } from "./measures.js";
import { painted } from "./painted.js";
import { AddressBar, addressOf, MODES } from "./place.js";
import { autoAdvance } from "./settings.js";
import { standing } from "./words.js";

/** Milliseconds between two looks at an item that is on its way, and at one that rests. */
const BUSY_EVERY = 1500;
const REST_EVERY = 15_000;
/** Milliseconds that an item is shown before it is polled: who leafs through asks nothing. */
const LINGER = 900;

/** The state of the view; its methods are what keys and buttons do. */
export class Viewer {
  #bar = new AddressBar();
  #number = null;
  #item = null;
  #style = {};
  #squares = false;
  #polling = new AbortController();

  /** @param {object} given batch, place, camera, caches, walk, masking and signal; the rest follows */
  constructor(given) {
    Object.assign(this, given);
    const { camera, masking, signal } = given;
    camera.addEventListener("change", () => this.#write(), { signal });
    masking.addEventListener("change", () => this.#drawMask(), { signal });
    addEventListener("keyup", () => this.peek(false), { signal });
    addEventListener("blur", () => this.peek(false), { signal });
    signal.addEventListener("abort", () => this.#end());
  }

  /** Begin with an item: the batch tells its style, the walk its neighbours. */
  async open(number) {
    this.walk.startAt(number);
    const about = get(batchPath(this.batch), {}, { signal: this.signal });
    const counted = get(`${batchPath(this.batch)}/items/count`, this.place.filter, { signal: this.signal });
    counted.then(({ count }) => this.#count(count), () => {});
    about.then(({ style_fields: style }) => this.#dress(style), () => {});
    await this.#arrive(number);
  }

  item = () => this.#item;

  next = (event) => this.#step("next", event);
  previous = (event) => this.#step("previous", event);

  /** What follows a decision. */
  advance = () => autoAdvance.value && this.#step("next");

  go = (number) => this.#arrive(number).catch(complain);

  leave = () => {
    if (this.parts.reasons.open) this.parts.reasons.close();
    else go(batchPath(this.batch), [...this.place.filter, ["at", this.#number]]);
  };

  toggleAdvance = () => {
    autoAdvance.set(!autoAdvance.value);
    announce(autoAdvance.value ? "Goes on to the next item after a decision." : "Stays at the item after a decision.");
  };

  askWhy = () => this.review.possible && this.parts.reasons.ask();

  pick = () => this.review.pick(Math.min(this.place.variant, countVariants(this.#item)));

  choose = (variant) => {
    if (variant > countVariants(this.#item)) return;
    this.place.variant = variant;
    this.#redraw();
  };

  chooseBy = (step) => {
    const count = Math.max(1, countVariants(this.#item));
    this.choose(((this.place.variant - 1 + step + count) % count) + 1);
  };

  nextMode = () => {
    const possible = MODES.filter((mode) => modeFor(this.#item, mode) === mode);
    this.setMode(possible[(possible.indexOf(modeFor(this.#item, this.place.mode)) + 1) % possible.length]);
  };

  setMode(mode) {
    if (mode === this.place.mode) return;
    this.place.mode = mode;
    this.#redraw();
  }

  hold = ({ repeat }) => repeat || this.peek(true);
  peek = (held) => this.parts.stage.peek(held);
  nextTint = () => this.masking.nextTint();

  toThreshold = () => {
    this.setMode("mask");
    this.parts.threshold.focus();
  };

  toggleSquares = () => {
    this.#squares = !this.#squares;
    this.parts.toolbar.squares = this.#squares;
    this.#outline();
  };

  /** Take a newer state of an item, and show it where it is the present one. */
  put(item) {
    if (this.signal.aborted) return;
    this.details.put(item);
    this.walk.update(item);
    if (item.number === this.#number) this.#show(item);
  }

  /** Ask for an item anew. */
  async reload(number) {
    if (this.signal.aborted) return;
    this.details.drop(number);
    const item = await this.details.get(number).catch(() => null);
    if (item) this.put(item);
  }

  #end() {
    this.#polling.abort();
    this.#bar.cancel();
  }

  async #step(side, event) {
    const since = event?.timeStamp;
    const known = side === "next" ? this.walk.ahead(this.#number, 1) : this.walk.behind(this.#number, 1);
    try {
      const number = known[0] ?? (await this.walk[side](this.#number));
      if (number === null) announce(side === "next" ? "That was the last item that matches." : "That is the first item that matches.");
      else await this.#arrive(number, since);
    } catch (error) {
      complain(error);
    }
  }

  /** Show an item from what lies ready, and the rest of it as it comes. */
  async #arrive(number, since) {
    this.#number = number;
    this.parts.reasons.close();
    const ready = this.details.peek(number) ?? this.walk.row(number);
    if (ready) this.#show(ready, since);
    const asked = await this.details.get(number);
    if (number !== this.#number) return;
    // A decision may have put a newer one there meanwhile.
    const item = this.details.peek(number) ?? asked;
    if (item !== this.#item) this.#show(item);
    this.#tell(item);
    this.#keepFresh(number);
    this.preload.around(number, this.place);
  }

  #show(item, since) {
    this.#item = item;
    const strip = this.pictures.readyStrip(item) ?? null;
    this.parts.head.show(item);
    this.#draw(strip);
    if (since !== undefined && strip) measureUntilPainted(since);
    if (!strip) this.#fetchStrip(item);
    // The panel is read after the picture is seen.
    painted().then(() => item === this.#item && this.#showPanel(strip));
  }

  async #fetchStrip(item) {
    const strip = await this.pictures.strip(item).catch(() => null);
    if (strip && item === this.#item) this.#redraw();
  }

  #redraw() {
    const strip = this.pictures.readyStrip(this.#item) ?? null;
    this.#draw(strip);
    this.parts.variants.show(this.#item, this.place.variant, strip);
  }

  #draw(strip) {
    const { mode, variant } = this.place;
    this.masking.show(this.#item, strip);
    this.parts.stage.show(this.#item, { mode, variant, strip });
    this.parts.toolbar.show(modeFor(this.#item, mode), countVariants(this.#item) > 1);
    this.#drawMask();
    this.#outline();
    this.#write();
  }

  #drawMask() {
    const overlay = this.#item && this.parts.stage.maskOverlay;
    if (overlay) this.masking.draw(overlay);
  }

  #outline() {
    const size = sizeOf(this.#item);
    this.parts.stage.outline(this.#squares && size ? this.#item.sidecar.crops : [], size ?? { width: 1, height: 1 });
  }

  #showPanel(strip = this.pictures.readyStrip(this.#item) ?? null) {
    this.parts.panel.show(this.#item, this.#style);
    this.parts.threshold.show(this.#item, this.#style);
    this.parts.variants.show(this.#item, this.place.variant, strip);
  }

  #dress(style) {
    this.#style = style ?? {};
    if (this.#item) this.#showPanel();
  }

  #count(count) {
    this.parts.head.matching = count;
    if (this.#item) this.parts.head.show(this.#item);
  }

  #write() {
    if (this.#number === null) return;
    this.#bar.show(addressOf(this.batch, this.#number, { ...this.place, camera: this.camera }));
  }

  #tell(item) {
    const gate = gateOf(item);
    const judged = gate ? `, score ${score(gate.score)}` : "";
    announce(`${item.spec.external_id}. ${standing(item)}${judged}.`);
  }

  /** Follow what becomes of an item while a person stays with it. */
  #keepFresh(number) {
    this.#polling.abort();
    const { signal } = (this.#polling = new AbortController());
    const every = (item) => (item && ["queued", "running"].includes(item.state) || item?.approved ? BUSY_EVERY : REST_EVERY);
    const begin = () => poll(this.details.path(number), { every, signal, onData: (item) => this.put(item) });
    const timer = setTimeout(begin, LINGER);
    signal.addEventListener("abort", () => clearTimeout(timer));
  }
}

/** Tell an error, unless it is only that the view was left. */
function complain(error) {
  if (error.name !== "AbortError") toastError(error);
}

/** Note in the browser's timeline how long it took from a key to the painted picture. */
async function measureUntilPainted(since) {
  await painted();
  performance.measure("item-shown", { start: since, end: performance.now() });
}
