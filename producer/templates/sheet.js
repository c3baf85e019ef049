"use strict";
// Compare and enlarge. Without this script the sheet still shows everything.

const frames = [...document.querySelectorAll("button.frame")];
const isVariant = (frame) => frame.dataset.label.startsWith("variant");
const sourceOf = (frame) => {
  const found = frame.closest(".card").querySelector('[data-label="source"] img');
  return found && found.src;
};

// --- on the sheet: the pointer uncovers the original -----------------------------------------

function sweep(frame) {
  const under = document.createElement("img");
  under.className = "under";
  under.alt = "";
  under.draggable = false;
  frame.addEventListener("pointerenter", () => {
    under.src = under.src || sourceOf(frame);
    frame.classList.add("open");
  });
  frame.addEventListener("pointermove", (event) => {
    const box = frame.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    frame.style.setProperty("--split", `${Math.min(Math.max(share, 0), 1) * 100}%`);
  });
  frame.addEventListener("pointerleave", () => frame.classList.remove("open"));
  frame.append(under);
}

// --- enlarged: a slider between original and result ------------------------------------------

const dialog = document.querySelector("dialog");
const part = (name) => dialog.querySelector(name);
const [stage, after, before] = [part(".stage"), part(".after"), part(".before")];
const [compare, slider] = [part(".compare"), part("input")];
let shown = 0;

function split() {
  // The slider runs over the picture, which may be narrower than the stage it is fitted into.
  const { width, height } = stage.getBoundingClientRect();
  const drawn = Math.min(width, (height * after.naturalWidth) / after.naturalHeight || width);
  const edge = (width - drawn) / 2 + (drawn * slider.value) / 100;
  stage.style.setProperty("--edge", `${edge}px`);
}

function show(index) {
  shown = (index + frames.length) % frames.length;
  const frame = frames[shown];
  const source = isVariant(frame) ? sourceOf(frame) : null;
  const title = frame.closest(".card").dataset.title;
  after.src = frame.querySelector("img").src;
  after.alt = frame.getAttribute("aria-label");
  before.hidden = compare.hidden = !source;
  if (source) before.src = source;
  slider.value = 50;
  part(".caption").textContent = `${title} · ${frame.dataset.label}`;
  if (!dialog.open) dialog.showModal();
  split();
}

function drag(event) {
  if (before.hidden || !event.buttons) return;
  const { left, width, height } = stage.getBoundingClientRect();
  const drawn = Math.min(width, (height * after.naturalWidth) / after.naturalHeight || width);
  slider.value = ((event.clientX - left - (width - drawn) / 2) / drawn) * 100;
  split();
}

frames.forEach((frame, index) => {
  if (isVariant(frame) && sourceOf(frame)) sweep(frame);
  frame.addEventListener("click", () => show(index));
});
slider.addEventListener("input", split);
after.addEventListener("load", split);
addEventListener("resize", split);
stage.addEventListener("pointerdown", drag);
stage.addEventListener("pointermove", drag);
part(".close").addEventListener("click", () => dialog.close());
part(".previous").addEventListener("click", () => show(shown - 1));
part(".next").addEventListener("click", () => show(shown + 1));
dialog.addEventListener("keydown", (event) => {
  if (event.target === slider) return;
  if (event.key === "ArrowLeft") show(shown - 1);
  if (event.key === "ArrowRight") show(shown + 1);
});
