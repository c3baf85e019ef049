/** Head: which item is shown, where it stands, and the way to its neighbours. */

import { batchPath } from "../api.js";
import { fill, h, tell } from "../dom.js";
import { counted } from "../format.js";
import { button } from "../keys.js";
import { standingChip } from "./verdict.js";

/** The line above the pictures. */
export class Head {
  #name = h("h1.clip");
  #standing = h("span.standing");
  #about = h("span.about.soft.small.clip.grow");
  #count = "";

  /** @param {{ batch: string, filter: URLSearchParams }} place */
  constructor({ batch, filter }) {
    const query = filter.toString();
    const back = h("a", { href: batchPath(batch) + (query && `?${query}`) }, batch);
    this.element = h("header.item-head", {},
      h("nav.crumbs.small", { "aria-label": "Where you are" }, h("a", { href: "/" }, "Batches"), "/", back),
      h("div.line", {}, this.#name, this.#standing, this.#about, h("div.neighbours", {},
        button("previous", ["←", h("span.wide", {}, "Before")], { class: "plain", "aria-label": "Previous item" }),
        button("next", [h("span.wide", {}, "Next"), "→"], { class: "plain", "aria-label": "Next item" }))));
  }

  /** Show an item. */
  show(item) {
    const name = item.spec.external_id;
    tell(this.#name, name);
    this.#name.title = name;
    fill(this.#standing, standingChip(item));
    tell(this.#about, `Item ${item.number}${this.#count}`);
    document.title = `${name} · Restyle`;
  }

  /** Take how many items the filter lets through. */
  set matching(count) {
    this.#count = count === null ? "" : ` · ${counted(count, "item")} match`;
  }
}
