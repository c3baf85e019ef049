/** Threshold: the slider that previews a mask, and the button that renders with it. */

import { toast, toastError } from "../announce.js";
import { batchPath, freshId, post } from "../api.js";
import { fill, h, tell } from "../dom.js";
import { button } from "../keys.js";
import { go } from "../router.js";
import { may } from "../session.js";
import { paintSwatch } from "./masking.js";
import { share, thresholdOf } from "./measures.js";

const RANGE = { min: "0.01", max: "0.99", step: "0.01" };
const OWN_KEYS = /^(Arrow|Page|Home|End)/;

/** The part of the panel that is about the mask. */
export class Threshold {
  #batch;
  #masking;
  #onUse;
  #onRendered;
  #item = null;
  #key = null;
  #style = {};
  #slider = h("input", {
    type: "range", ...RANGE, id: "threshold", "aria-describedby": "threshold-says", on: {
      input: () => this.#move(),
      // Arrows move the slider, not the walk.
      keydown: (event) => OWN_KEYS.test(event.key) && event.stopPropagation(),
    },
  });
  #value = h("output", { for: "threshold" });
  #says = h("p.soft.small#threshold-says");
  #swatch = h("span.swatch", { "aria-hidden": "true" });
  #reset = h("button", { type: "button", on: { click: () => this.#masking.preview(null) } }, "Back to the mask as it is");
  #render = h("button", { type: "button", on: { click: () => this.#again() } }, "Render again with this threshold");

  /** @param {{ batch: string, masking: object, signal: AbortSignal, onUse: () => void, onRendered: (number: number) => void }} parts */
  constructor({ batch, masking, signal, onUse, onRendered }) {
    this.element = this.#built();
    this.#batch = batch;
    this.#masking = masking;
    this.#onUse = onUse;
    this.#onRendered = onRendered;
    for (const type of ["change", "map"]) masking.addEventListener(type, () => this.#show(), { signal });
  }

  /** Show an item under its style. */
  show(item, style) {
    this.#item = item;
    this.#style = style;
    this.#show();
  }

  focus() {
    if (!this.#slider.disabled) this.#slider.focus();
  }

  #built() {
    return h("section.part", { "aria-labelledby": "mask-title" },
      h("div.row", {}, h("h2#mask-title.grow", {}, "Mask"), button("tint", [this.#swatch, "Tint"], { class: "quiet", "aria-label": "Next tint of the mask" })),
      h("div.slider", {}, h("label", { for: "threshold" }, "Threshold"), this.#slider, this.#value),
      this.#says, h("div.row", {}, this.#render, this.#reset));
  }

  #show() {
    const { map, threshold } = this.#masking;
    const used = thresholdOf(this.#item, this.#style);
    this.#slider.disabled = !map;
    this.#slider.value = String(threshold ?? used);
    tell(this.#value, (threshold ?? used).toFixed(2));
    fill(this.#says, this.#sentence(map, threshold, used));
    this.#reset.hidden = threshold === null;
    this.#render.hidden = threshold === null || !may("operator");
    paintSwatch(this.#swatch, this.#masking.tint);
  }

  #sentence(map, threshold, used) {
    if (!map) return "There is no probability map of this item: its mask was supplied, or not found yet.";
    if (threshold === null) return `As it is: found at ${used.toFixed(2)}, then grown. Move the slider to try another threshold.`;
    return `At ${threshold.toFixed(2)} it covers ${share(map.coverage(threshold))} of the picture, ` +
      "before it is cleaned and grown: growth is not previewed.";
  }

  #move() {
    this.#key = null;
    this.#masking.preview(Number(this.#slider.value));
    this.#onUse();
  }

  async #again() {
    this.#render.disabled = true;
    const overrides = { mask_threshold: this.#masking.threshold };
    // Asked again after a lost answer, it is still one batch.
    this.#key ??= freshId();
    try {
      const made = await post(batchPath(this.#batch, "rerenders"), { numbers: [this.#item.number], overrides },
        { headers: { "Idempotency-Key": this.#key } });
      const child = made.batch.batch;
      this.#key = null;
      const open = { label: "Open it", run: () => go(batchPath(child)) };
      toast(`Renders again at ${overrides.mask_threshold} as batch ${child}.`, { tone: "good", action: open });
      this.#onRendered(this.#item.number);
    } catch (error) {
      toastError(error);
    }
    this.#render.disabled = false;
  }
}
