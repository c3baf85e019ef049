/** Tile: what the grid keeps of an item; a hundred thousand of them fit into a tab. */

import { address, batchPath } from "../api.js";

/** The tile of an item as the API gives it. */
export function tileOf(item) {
  const { spec, held, result, failure } = item;
  const painted = result ?? held?.result ?? null;
  const gate = held?.gate ?? result?.gate ?? null;
  return {
    number: item.number, name: spec.external_id, source: spec.source, state: item.state,
    stage: held?.stage ?? null, score: gate?.score ?? null, reasons: gate?.reasons ?? [],
    variants: painted?.variants.length ?? 0, picked: item.picked ?? null,
    reason: item.reason || "", code: failure?.code ?? null, message: failure?.message ?? "",
    approved: item.approved, verdict: verdictOf(item), by: item.decided_by ?? null,
    fence: item.fence, version: item.mark, tiles: tilesOf(item, painted),
  };
}

/** What a person decided of it, where somebody did. */
function verdictOf({ state, decided_by: by }) {
  if (state === "rejected") return "reject";
  return by && state !== "held" ? "approve" : null;
}

/** How many pictures its strip has: source, mask, variants; 0 where there is no strip. */
function tilesOf({ held, result }, painted) {
  const strip = result?.thumbnails ?? held?.thumbnails;
  return strip ? 2 + (painted?.variants.length ?? 0) : 0;
}

/** An item's new tile; its pictures stay as they are until there are other ones. */
export function renewed(old, item) {
  const next = tileOf(item);
  // Pictures come from workers, and with each of their turns the fence grows.
  const isSame = next.tiles === old.tiles && next.fence === old.fence;
  if (next.tiles && !isSame) return next;
  return { ...next, tiles: old.tiles, version: old.version, variants: next.variants || old.variants };
}

/** Where its strip of thumbnails is served; another picture has another address. */
export function stripAddress(batch, { number, version }) {
  return address(batchPath(batch, "items", number, "files", "thumbnails"), { v: version });
}
