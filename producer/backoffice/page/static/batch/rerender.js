/** Rerender: the dialog that renders items again with another seed, prompt, threshold or mask. */

import { toast, toastError } from "../announce.js";
import { batchPath, freshId, get, post } from "../api.js";
import { ask, field } from "../dialog.js";
import { h } from "../dom.js";
import { counted } from "../format.js";
import { told } from "../grid/filter.js";
import { go } from "../router.js";

/**
 * Ask, and submit a child batch.
 *
 * @param {string} batch
 * @param {object} options `numbers`, or `filter` for everything that matches it; `style`: the
 *   batch's fields of the style, shown as what stands now.
 */
export async function rerender(batch, { numbers, filter, style }) {
  try {
    const count = numbers ? numbers.length : (await get(batchPath(batch, "items", "count"), filter)).count;
    const what = numbers ? counted(count, "item") : `${counted(count, "item")}: ${told(filter)}`;
    const asked = await ask("Render again", [h("p.soft", {}, `${what}. A batch of its own is made; this one stays as it is.`), fields(style, count)],
      { yes: `Render ${counted(count, "item")} again`, kind: "wide" });
    if (!asked) return;
    const made = await post(batchPath(batch, "rerenders"), bodyOf(asked, numbers ? { numbers } : { filter }), { headers: { "Idempotency-Key": freshId() } });
    const child = made.batch.batch;
    toast(`${child} was submitted.`, { tone: "good", action: { label: "Open it", run: () => go(`/batches/${encodeURIComponent(child)}`) } });
  } catch (error) {
    toastError(error);
  }
}

function fields(style, count) {
  const now = (name) => [style?.[name]].flat().filter((one) => one != null).join(" | ");
  const text = (name) => h("textarea", { name, rows: 2, placeholder: now(name), spellcheck: "false" });
  return [
    field("Prompt", text("prompt"), "Empty fields stay as they are."),
    field("What to mask", text("mask_prompt"), "Several things are parted by |."),
    h("div.row", {},
      field("Seed", h("input", { type: "number", name: "seed", min: 0, step: 1, placeholder: now("seed") })),
      field("Threshold of the mask", h("input", { type: "number", name: "mask_threshold", min: 0, max: 1, step: 0.01, placeholder: now("mask_threshold") })),
      field("Lane", h("select", { name: "lane" }, lanes(count).map((lane) => h("option", {}, lane))))),
    count === 1 && field("Mask of your own", h("input", { type: "text", name: "mask", placeholder: "s3://bucket/mask.png", spellcheck: "false" }), "White is repainted."),
    h("label.tick", {}, h("input", { type: "checkbox", name: "keep_mask" }), "Keep the masks that these items have"),
  ];
}

/** The lane that stands first is taken: a few pictures are wanted now. */
function lanes(count) {
  return count <= 50 ? ["urgent", "standard", "bulk"] : ["standard", "urgent", "bulk"];
}

function bodyOf(asked, chosen) {
  const overrides = {};
  const [prompt, masks] = ["prompt", "mask_prompt"].map((name) => asked.get(name).trim());
  if (prompt) overrides.prompt = prompt;
  if (masks) overrides.mask_prompt = masks.split("|").map((one) => one.trim()).filter(Boolean);
  for (const name of ["seed", "mask_threshold"]) if (asked.get(name)) overrides[name] = Number(asked.get(name));
  const mask = asked.get("mask")?.trim();
  return { ...chosen, overrides, keep_mask: asked.has("keep_mask"), lane: asked.get("lane"), ...(mask && { mask }) };
}
