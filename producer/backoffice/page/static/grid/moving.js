/** Moving: the keys that walk a grid and select in it. */

import { bind } from "../keys.js";

/** Bind them to a grid. */
export function bindMoving(grid, signal) {
  const { selection } = grid;
  const step = (by, extend) => () => {
    selection.move(selection.active + by(grid), { extend });
    grid.reveal();
  };
  const ends = { Home: () => -Infinity, End: () => Infinity };
  const moves = [
    ["left", "The one before", "arrowleft", () => -1], ["right", "The next one", "arrowright", () => 1],
    ["up", "A row up", "arrowup", ({ columns }) => -columns], ["down", "A row down", "arrowdown", ({ columns }) => columns],
    ["pageup", "A page up", "pageup", ({ columns, rows }) => -columns * rows],
    ["pagedown", "A page down", "pagedown", ({ columns, rows }) => columns * rows],
    ["home", "The first one", "home", ends.Home], ["end", "The last one", "end", ends.End],
  ];
  const group = "Moving and selecting";
  bind(signal, [
    ...moves.map(([id, label, key, by]) => ({ id, label, group, keys: [key], run: step(by, false) })),
    ...moves.slice(0, 6).map(([id, label, key, by]) => (
      { id: `${id}-range`, label: `${label}, selecting`, group, keys: [`shift+${key}`], run: step(by, true) })),
    { id: "select", label: "Select", group, keys: [" "], run: () => selection.toggle() },
    { id: "clear", label: "Select nothing", group, keys: ["escape"], run: () => selection.clear() },
    { id: "open", label: "Open", group, keys: ["enter"], run: () => openActive(grid) },
  ]);
}

function openActive({ list, selection, onOpen }) {
  const tile = list.at(selection.active);
  if (tile) onOpen(tile);
}
