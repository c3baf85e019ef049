/** Preload: what a person will look at next lies ready: items, thumbnails, the next full pictures. */

import { afterOf } from "./files.js";

/** Items made ready on each side. */
const AHEAD = 5;
const BEHIND = 2;

/** Loads around the present item, nearest first, and stops when another one is shown. */
export class Preload {
  #walk;
  #details;
  #pictures;
  #turn = 0;
  #masked = false;

  /** @param {{ walk: object, details: object, pictures: object }} parts */
  constructor({ walk, details, pictures }) {
    this.#walk = walk;
    this.#details = details;
    this.#pictures = pictures;
  }

  /**
   * Make the neighbours of an item ready.
   * @param {number} number
   * @param {{ mode: string, variant: number }} how they will be looked at
   */
  async around(number, { mode, variant }) {
    const mine = (this.#turn += 1);
    this.#masked = mode === "mask";
    await this.#walk.prepare(number, AHEAD + 1, BEHIND + 1).catch(() => {});
    const ahead = this.#walk.ahead(number, AHEAD);
    const behind = this.#walk.behind(number, BEHIND);
    const order = [ahead[0], behind[0], ...ahead.slice(1), ...behind.slice(1)].filter((one) => one !== undefined);
    const first = order.splice(0, 2).map((one) => this.#ready(one));
    await Promise.all(first);
    for (const one of order) {
      if (mine !== this.#turn) return;
      await this.#ready(one);
    }
    if (mine === this.#turn && ahead.length) await this.#sharpen(ahead[0], variant);
  }

  /** The strip by the list's row, beside the details, so that neither waits for the other. */
  async #ready(number) {
    const row = this.#walk.row(number);
    const details = this.#details.get(number).catch(() => row);
    const item = row ?? (await details);
    if (!item) return;
    const [, strip] = await Promise.all([details, this.#pictures.strip(item).catch(() => null)]);
    if (this.#masked) void strip?.mask;
  }

  async #sharpen(number, variant) {
    const item = this.#details.peek(number) ?? this.#walk.row(number);
    const after = item && afterOf(item, variant);
    if (!item) return;
    await this.#pictures.full(item, "source").catch(() => null);
    if (after) await this.#pictures.full(item, after.name).catch(() => null);
  }
}
