/** Camera: how far the pictures are zoomed and where they are centred; every pane follows it. */

/** Most that a picture is enlarged beyond its fitted size, or beyond one pixel per pixel. */
const MOST_TIMES = 32;
/** What one press of a zoom key multiplies by. */
export const ZOOM_STEP = 1.5;

/**
 * What the panes show, in the picture's own fractions, so that it holds for pictures of any size.
 * Sends `change` after each move.
 */
export class Camera extends EventTarget {
  /** @param {{zoom?: number | "actual", x?: number, y?: number}} start as an address tells it */
  constructor({ zoom = 1, x = 0.5, y = 0.5 } = {}) {
    super();
    this.times = zoom === "actual" ? 1 : zoom;
    this.actual = zoom === "actual";
    this.x = x;
    this.y = y;
    this.frame = { width: 1, height: 1, fitWidth: 1, fitHeight: 1, naturalWidth: 1 };
  }

  /** Times the fitted size at which one picture pixel is one pixel of the screen. */
  get actualTimes() {
    return this.frame.naturalWidth / (this.frame.fitWidth * (window.devicePixelRatio || 1));
  }

  /** Times the fitted size that is shown now. */
  get scale() {
    return this.actual ? this.actualTimes : this.times;
  }

  /** Screen pixels per picture pixel, 1 = one to one. */
  get percent() {
    return this.scale / this.actualTimes;
  }

  get fitted() {
    return !this.actual && this.times === 1;
  }

  /** Whether a part of the picture lies outside of its pane. */
  get cropped() {
    const { width, height, fitWidth, fitHeight } = this.frame;
    return fitWidth * this.scale > width + 1 || fitHeight * this.scale > height + 1;
  }

  /** What an address tells of it: nothing while the whole picture is shown. */
  toAddress() {
    if (this.fitted) return {};
    const zoom = this.actual ? "actual" : String(rounded(this.times));
    return { zoom, x: String(rounded(this.x)), y: String(rounded(this.y)) };
  }

  /** Take the panes' size, that of the fitted picture in them, and the picture's width in pixels. */
  setFrame(frame) {
    this.frame = frame;
    this.#changed();
  }

  fit() {
    Object.assign(this, { times: 1, actual: false, x: 0.5, y: 0.5 });
    this.#changed();
  }

  /** One to one, around a point of the pane in pixels from its middle. */
  showActual(fromX = 0, fromY = 0) {
    this.#keepingPoint(fromX, fromY, () => {
      this.actual = true;
    });
  }

  /** Zoom by a factor around a point of the pane, in pixels from its middle. */
  zoomBy(factor, fromX = 0, fromY = 0) {
    this.#keepingPoint(fromX, fromY, () => {
      const least = Math.min(1, this.actualTimes);
      const most = Math.max(1, this.actualTimes) * MOST_TIMES;
      this.times = Math.min(most, Math.max(least, this.scale * factor));
      if (Math.abs(this.times - 1) < 0.01) this.times = 1;
      this.actual = false;
    });
  }

  /** Move the picture by pixels of the screen. */
  panBy(x, y) {
    const { fitWidth, fitHeight } = this.frame;
    const centre = this.#centre();
    this.x = centre.x - x / (fitWidth * this.scale);
    this.y = centre.y - y / (fitHeight * this.scale);
    Object.assign(this, this.#centre());
    this.#changed();
  }

  /** Where the fitted picture goes: CSS pixels from the pane's corner, and its scale. */
  placement() {
    const { width, height, fitWidth, fitHeight } = this.frame;
    const { x, y } = this.#centre();
    const scale = this.scale;
    return { left: width / 2 - x * fitWidth * scale, top: height / 2 - y * fitHeight * scale, scale };
  }

  #keepingPoint(fromX, fromY, change) {
    const { fitWidth, fitHeight } = this.frame;
    const centre = this.#centre();
    const before = this.scale;
    change();
    const moved = 1 / before - 1 / this.scale;
    this.x = centre.x + (fromX / fitWidth) * moved;
    this.y = centre.y + (fromY / fitHeight) * moved;
    Object.assign(this, this.#centre());
    this.#changed();
  }

  /** The centre as far as it leaves no empty margin; what is smaller than its pane is centred. */
  #centre() {
    const { width, height, fitWidth, fitHeight } = this.frame;
    return {
      x: within(this.x, width / (2 * fitWidth * this.scale)),
      y: within(this.y, height / (2 * fitHeight * this.scale)),
    };
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function within(value, margin) {
  return margin >= 0.5 ? 0.5 : Math.min(1 - margin, Math.max(margin, value));
}

function rounded(value) {
  return Math.round(value * 10000) / 10000;
}
