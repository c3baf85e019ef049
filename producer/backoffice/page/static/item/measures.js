/** Measures: numbers of an item, wherever it keeps them. */

/** The threshold that an item's mask was found at, 0 to 1. */
export function thresholdOf(item, style) {
  return item.sidecar?.style?.mask_threshold ?? item.spec.overrides?.mask_threshold ?? style?.mask_threshold ?? 0.5;
}

/** What the gate measured of an item's mask; null where it measured nothing. */
export function gateOf(item) {
  return item.held?.gate ?? item.result?.gate ?? item.held?.result?.gate ?? null;
}

/** The source's size in pixels where the sidecar tells it. */
export function sizeOf(item) {
  const source = item.sidecar?.source;
  return source?.width ? { width: source.width, height: source.height } : null;
}

/** A fraction to a tenth of a hundredth, so that a slider's small steps show: `12.3 %`. */
export function share(fraction) {
  return `${(fraction * 100).toFixed(1)} %`;
}
