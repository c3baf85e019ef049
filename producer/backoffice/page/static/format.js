/** Numbers, times and lengths of time as people read them. */

const NUMBER = new Intl.NumberFormat("en");
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** Seconds of each unit, longest first. */
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];

/** 12345 → 12,345. */
export function number(value) {
  return NUMBER.format(value);
}

/** 3 items, 1 item. */
export function counted(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Seconds as `4 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An ISO time as `4 Mar, 09:20`, by this browser's clock. */
export function moment(iso) {
  return iso ? MOMENT.format(new Date(iso)) : "";
}

/** An ISO time as `3 minutes ago` or `in 2 hours`. */
export function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const [unit, length] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ["second", 1];
  return Math.abs(seconds) < 45 ? "just now" : AGO.format(Math.round(seconds / length), unit);
}

/** 0.734 → 0.73. */
export function score(value) {
  return value == null ? "" : value.toFixed(2);
}

/** 0.0312 → 3.1 %. */
export function percent(value) {
  const share = value * 100;
  return `${share >= 10 ? Math.round(share) : share.toFixed(1)} %`;
}
