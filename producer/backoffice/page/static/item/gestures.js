/** Gestures: pointers, touches and the wheel over the panes move the camera. */

import { ZOOM_STEP } from "./camera.js";

/** Travel in pixels from which a press is a drag and no tap. */
const DRAG_PX = 6;
/** How much one pixel of the wheel zooms; a trackpad's pinch comes as smaller steps. */
const WHEEL_RATE = 0.0022;
const PINCH_RATE = 0.012;

/**
 * Watch the panes of a stage.
 * @param {HTMLElement} element holds the panes
 * @param {import("./camera.js").Camera} camera
 * @param {{ press: Function, drag: Function, release: Function, tap: Function }} follower told of what
 *   one pointer does; a press that it takes (`true`) is no pan
 * @param {AbortSignal} signal
 */
export function watchGestures(element, camera, follower, signal) {
  const pointers = new Map();
  let taken = false;
  let travel = 0;

  function down(event) {
    if (event.button > 0 || !paneOf(event) || event.target.closest("button, a")) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    if (pointers.size > 1) return follower.release();
    travel = 0;
    taken = follower.press(event, paneOf(event));
  }

  function move(event) {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const before = [...pointers.values()];
    pointers.set(event.pointerId, event);
    const [x, y] = [event.clientX - last.clientX, event.clientY - last.clientY];
    travel += Math.hypot(x, y);
    if (pointers.size === 2) pinch(before, [...pointers.values()], element, camera);
    else if (taken) follower.drag(event);
    else if (travel > DRAG_PX && camera.cropped) pan(x, y);
  }

  function pan(x, y) {
    follower.release();
    camera.panBy(x, y);
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    follower.release();
    if (event.type === "pointerup" && travel <= DRAG_PX && !pointers.size) follower.tap(event);
    taken = false;
  }

  function wheel(event) {
    const pane = paneOf(event);
    if (!pane) return;
    event.preventDefault();
    const pixels = event.deltaMode ? event.deltaY * 16 : event.deltaY;
    const rate = event.ctrlKey ? PINCH_RATE : WHEEL_RATE;
    camera.zoomBy(Math.exp(-pixels * rate), ...fromMiddle(event, pane));
  }

  function double(event) {
    const pane = paneOf(event);
    if (!pane) return;
    if (!camera.fitted) camera.fit();
    else if (camera.actualTimes > 1) camera.showActual(...fromMiddle(event, pane));
    else camera.zoomBy(ZOOM_STEP ** 2, ...fromMiddle(event, pane));
  }

  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, dblclick: double };
  for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener, { signal });
  element.addEventListener("wheel", wheel, { signal, passive: false });
}

/** The pane under an event; captured pointers tell of the element, so the place decides. */
function paneOf(event) {
  return document.elementFromPoint(event.clientX, event.clientY)?.closest(".pane");
}

/** An event's place in pixels from the middle of a pane. */
function fromMiddle(event, pane) {
  const { left, top, width, height } = pane.getBoundingClientRect();
  return [event.clientX - left - width / 2, event.clientY - top - height / 2];
}

/** Two fingers: their distance zooms, their middle pans. */
function pinch(before, after, element, camera) {
  const [old, now] = [spanOf(before), spanOf(after)];
  const pane = document.elementFromPoint(now.x, now.y)?.closest(".pane") ?? element.querySelector(".pane");
  camera.panBy(now.x - old.x, now.y - old.y);
  const middle = fromMiddle({ clientX: now.x, clientY: now.y }, pane);
  if (old.length > 0) camera.zoomBy(now.length / old.length, ...middle);
}

function spanOf([one, other]) {
  return {
    x: (one.clientX + other.clientX) / 2,
    y: (one.clientY + other.clientY) / 2,
    length: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
  };
}
