/** Polling that costs nothing while nothing changes: ETags, and no request from a hidden tab. */

import { address, ask } from "./api.js";

/** Longest wait after failures, in milliseconds. */
const LONGEST_WAIT = 15_000;

/**
 * Ask a path again and again until the signal aborts.
 *
 * @param {string} path of the API.
 * @param {object} options
 *   `every`: milliseconds between an answer and the next question, or a function of the last answer;
 *   `query`: an object, or a function that gives it anew each time;
 *   `signal`: ends it; `onData(json)`: called when the answer is another one than before, and may
 *   answer `true` to be asked on at once; `onError(error)`.
 * @returns {{ now: () => void }} `now` asks at once.
 */
export function poll(path, { every, query = {}, signal, onData, onError }) {
  const state = { etag: "", url: "", failures: 0, timer: 0, busy: false, isOver: false, last: null };

  async function turn() {
    clearTimeout(state.timer);
    if (signal.aborted || state.busy || state.isOver || document.hidden) return;
    state.busy = true;
    const again = await once();
    state.busy = false;
    if (!signal.aborted && !state.isOver) state.timer = setTimeout(turn, again ? 0 : wait());
  }

  async function once() {
    try {
      const url = address(path, typeof query === "function" ? query() : query);
      const data = await fresh(state, url, signal);
      state.failures = 0;
      if (data === null || signal.aborted) return false;
      state.last = data;
      return onData(data) === true;
    } catch (error) {
      if (signal.aborted) return false;
      state.failures += 1;
      // Such as a batch that has left the board: asking again would change nothing.
      state.isOver = error.passing === false;
      onError?.(error);
      return false;
    }
  }

  function wait() {
    const usual = typeof every === "function" ? every(state.last) : every;
    return state.failures ? Math.min(LONGEST_WAIT, usual * 2 ** (state.failures - 1)) : usual;
  }

  document.addEventListener("visibilitychange", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(state.timer));
  turn();
  return { now: turn };
}

/** The JSON of a URL, or null where it is the same as the last time. */
async function fresh(state, url, signal) {
  const known = state.url === url && state.etag ? { "If-None-Match": state.etag } : {};
  // Our own If-None-Match shows us the 304 that the browser's cache would hide.
  const response = await ask(url, { signal, headers: known, cache: "no-store" });
  if (response.status === 304) return null;
  const data = await response.json();
  state.url = url;
  state.etag = response.headers.get("ETag") ?? "";
  return data;
}
