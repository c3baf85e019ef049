/** The viewer of one item: its parts, built and brought together. */

import { outboxOf } from "../decisions/outbox.js";
import { h } from "../dom.js";
import { Camera } from "./camera.js";
import { Details } from "./details.js";
import { Head } from "./head.js";
import { Masking } from "./masking.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { readPlace } from "./place.js";
import { Preload } from "./preload.js";
import { Reasons } from "./reasons.js";
import { Review } from "./review.js";
import { bindShortcuts } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { Threshold } from "./threshold.js";
import { Toolbar } from "./toolbar.js";
import { Variants } from "./variants.js";
import { Viewer } from "./viewer.js";
import { Walk } from "./walk.js";

/** Build the view; see the router. */
export function view({ root, params, query, signal }) {
  const { batch } = params;
  const place = readPlace(query().toString());
  const camera = new Camera(place.camera);
  const [details, pictures] = [new Details(batch), new Pictures(batch)];
  const walk = new Walk(batch, place.filter, signal);
  const masking = new Masking(pictures);
  const viewer = new Viewer({ batch, place, camera, details, pictures, walk, masking, signal });
  const outbox = outboxOf(batch);
  viewer.review = new Review(outbox, viewer);
  viewer.preload = new Preload({ walk, details, pictures });
  // Buttons print their keys, so the keys are bound before any is built.
  bindShortcuts(signal, viewer);
  viewer.parts = parts({ batch, place, camera, pictures, masking, outbox, viewer, signal });
  root.append(layout(viewer.parts));
  signal.addEventListener("abort", () => [details, pictures].forEach((cache) => cache.clear()));
  return viewer.open(Number(params.number));
}

function parts({ batch, place, camera, pictures, masking, outbox, viewer, signal }) {
  const reasons = new Reasons((reason) => viewer.review.reject(reason));
  const threshold = new Threshold({
    batch, masking, signal, onUse: () => viewer.setMode("mask"), onRendered: (number) => viewer.reload(number),
  });
  const onUndo = (decision) => viewer.review.undoDecision(decision);
  return {
    reasons,
    threshold,
    head: new Head({ batch, filter: place.filter }),
    toolbar: new Toolbar({ camera, signal, onMode: (mode) => viewer.setMode(mode), onHold: (held) => viewer.peek(held) }),
    stage: new Stage({ camera, pictures, signal, onChoose: viewer.choose }),
    variants: new Variants(viewer.choose),
    panel: new Panel({ batch, reasons, threshold, outbox, signal, onUndo }),
  };
}

function layout({ head, toolbar, stage, variants, panel }) {
  return h("div.viewer", {}, head.element, h("div.looking", {}, toolbar.element, stage.element, variants.element), panel.element);
}
