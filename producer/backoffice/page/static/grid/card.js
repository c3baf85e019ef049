/** Card: one tile in the grid, as it looks and as it is read out. */

import { fill, h, set } from "../dom.js";
import { score } from "../format.js";
import { TONES, words } from "../states.js";
import { partsOf, show } from "./strip.js";
import { stripAddress } from "./tile.js";

export class Card {
  constructor(batch, view) {
    Object.assign(this, { batch, view, tile: undefined, shown: "", isNear: false });
    this.frame = h("span.frame");
    this.name = h("span.clip.name");
    this.notes = h("span.notes");
    this.element = h("div.item-tile", { role: "option", tabindex: "-1" },
      this.frame, h("span.tick-corner", { "aria-hidden": "true" }), this.name, this.notes);
  }

  /** Show a tile; undefined while its item is on the way. */
  show(tile, { position, size, isActive, isSelected }) {
    set(this.element, {
      "aria-selected": isSelected ? "true" : "false", "aria-posinset": position + 1, "aria-setsize": size,
      tabindex: isActive ? "0" : "-1",
    });
    this.element.classList.toggle("active", isActive);
    if (tile === this.tile) return;
    this.tile = tile;
    this.element.dataset.state = tile?.state ?? "waiting";
    this.element.dataset.verdict = tile?.verdict ?? "";
    this.element.dataset.number = tile?.number ?? "";
    this.element.classList.toggle("unsaved", Boolean(tile?.unsaved));
    if (tile) this.#write(tile);
    if (this.isNear) this.picture();
  }

  /** Load its pictures; called when it is near the window. */
  async picture() {
    this.isNear = true;
    const { tile } = this;
    const mark = tile && `${tile.number} ${tile.version} ${tile.tiles} ${tile.picked} ${tile.code}`;
    if (!tile || this.shown === mark) return;
    this.shown = mark;
    const has = tile.tiles > 0 && await show(this.frame, stripAddress(this.batch, tile), tile, partsOf(tile, this.view));
    if (!has && this.shown === mark) fill(this.frame, instead(tile));
  }

  #write(tile) {
    fill(this.name, tile.name);
    this.name.title = tile.name;
    fill(this.notes, chips(tile, this.view === "overlay"));
    set(this.element, { "aria-label": [tile.name, ...spoken(tile)].join(", ") });
  }
}

/** What stands in the frame of an item without pictures. */
function instead(tile) {
  if (tile.message) return h("span.instead", {}, tile.message);
  return h("span.instead.soft", {}, tile.state === "queued" ? "waiting" : tile.state);
}

/** In a sheet of held masks, that an item is held goes without saying. */
function chips(tile, isSheet) {
  const state = tile.approved ? "publishing" : tile.state;
  const why = tile.reason || tile.code;
  return [
    !(isSheet && tile.state === "held") && h("span.chip", { data: { tone: TONES[tile.state] ?? "plain" } }, state === "held" && tile.stage ? `held: ${tile.stage}` : state),
    tile.state === "held" && tile.score != null && h("span.chip.score", { title: "The gate's score" }, score(tile.score)),
    why && h("span.chip.clip", { title: words(why) }, words(why)),
    tile.state === "held" && tile.reasons.map((reason) => h("span.chip.clip", { title: words(reason) }, words(reason))),
    tile.picked && h("span.chip", {}, `pick ${tile.picked}`),
  ];
}

function spoken(tile) {
  return [
    tile.stage && tile.state === "held" ? `held at the ${tile.stage}` : tile.state,
    tile.state === "held" && tile.score != null && `score ${score(tile.score)}`,
    ...(tile.state === "held" ? tile.reasons.map(words) : []),
    tile.reason && words(tile.reason), tile.code && words(tile.code),
  ].filter(Boolean);
}
