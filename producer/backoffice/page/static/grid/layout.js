/** Layout: how many columns, and where each position lies. Lengths in CSS pixels. */

/** Least width of a tile, by size. */
export const SIZES = { small: 150, medium: 236, large: 300 };
const GAP = 12;
/** Height of what stands below a picture. */
const CAPTION = 50;
/** Height of a picture box, by its width. */
const SHAPES = { pair: 0.68, overlay: 1.3, single: 1.3 };

/** The layout of a width. On a phone small and medium tiles stand two in a row. */
export function layoutOf(width, size, view) {
  const shape = SHAPES[view];
  const least = (size === "large" ? Math.min(SIZES.large, width) : Math.min(SIZES[size], (width - GAP) / 2)) * (view === "pair" ? 1 : 0.72);
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const wide = (width - GAP * (columns - 1)) / columns;
  const high = Math.round(wide * shape) + CAPTION;
  return { columns, wide, high, step: high + GAP, across: wide + GAP };
}

/** Height of so many positions. */
export function heightOf({ columns, step }, length) {
  return Math.max(0, Math.ceil(length / columns) * step - GAP);
}

/** First and last position between two heights. */
export function rangeOf({ columns, step }, top, bottom, length) {
  const first = Math.max(0, Math.floor(top / step)) * columns;
  const last = Math.min(length, Math.ceil(bottom / step) * columns) - 1;
  return [first, last];
}

/** Left and top of a position. */
export function spotOf({ columns, step, across }, position) {
  return [(position % columns) * across, Math.floor(position / columns) * step];
}
