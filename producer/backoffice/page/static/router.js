/** The page's own paths. A view is built into the main element, and ended by its signal. */

import { fill } from "./dom.js";

const routes = [];
let current = { path: null, stop: null, onQuery: null };
let guard = null;

/**
 * Add a route.
 *
 * @param {string} pattern such as `/batches/:batch/items/:number`.
 * @param {() => Promise<{ view: Function }>} load gives the module whose `view(context)` builds it.
 *   The context has `root` (the element to fill), `params` (by their names in the pattern),
 *   `query()` (the present URLSearchParams), `signal` (aborts when the view is left: give it to
 *   every listener, poll, key and request) and `onQuery(follower)`, called with the new
 *   URLSearchParams when only the query changed; a view without one is built anew.
 */
export function add(pattern, load) {
  const source = pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)");
  routes.push({ pattern: new RegExp(`^${source}/?$`), load });
}

/** Listen to the back button and to links; `show(error)` gives what stands for a view that broke. */
export function listen({ show }) {
  guard = show;
  addEventListener("popstate", () => current.path !== null && arrive());
  document.addEventListener("click", follow);
}

/** Go to a path of the page. */
export function go(path, query = "", { replace = false } = {}) {
  const text = new URLSearchParams(query).toString();
  history[replace ? "replaceState" : "pushState"](null, "", path + (text && `?${text}`));
  return arrive();
}

/** The present query. */
export function query() {
  return new URLSearchParams(location.search);
}

/**
 * Change names of the present query, and keep the rest.
 *
 * @param {object} changes a list repeats its name; null or "" takes it out.
 * @param {object} options `push`: a step of its own for the back button; `quiet`: the view that
 *   changed it need not be told.
 */
export function setQuery(changes, { push = false, quiet = false } = {}) {
  const next = query();
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of [value].flat()) if (one != null && one !== "") next.append(name, one);
  }
  const text = next.toString();
  history[push ? "pushState" : "replaceState"](null, "", location.pathname + (text && `?${text}`));
  if (!quiet) arrive();
}

/** Build the present view anew, as after signing in. */
export function reload() {
  leave();
  return arrive();
}

/** End the present view; its element is left as it is. */
export function leave() {
  current.stop?.abort();
  current = { path: null, stop: null, onQuery: null };
}

function arrive() {
  const { pathname } = location;
  if (pathname === current.path && current.onQuery) return current.onQuery(query());
  current.stop?.abort();
  const stop = new AbortController();
  current = { path: pathname, stop, onQuery: null };
  return build(pathname, stop.signal);
}

async function build(pathname, signal) {
  const root = document.getElementById("main");
  const mine = current;
  try {
    const { load, params } = find(pathname);
    const { view } = await load();
    if (signal.aborted) return;
    fill(root);
    scrollTo(0, 0);
    const onQuery = (follower) => { mine.onQuery = follower; };
    await view({ root, params, query, signal, onQuery });
    if (!signal.aborted) document.dispatchEvent(new CustomEvent("view", { detail: pathname }));
  } catch (error) {
    if (!signal.aborted) fill(root, guard(error));
  }
}

function find(pathname) {
  for (const { pattern, load } of routes) {
    const match = pattern.exec(pathname);
    if (match) return { load, params: decoded(match.groups ?? {}) };
  }
  throw new Error("There is no such page.");
}

function decoded(groups) {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}

/** Follow a link of the page without loading the page again. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || /^\/(api|static)\//.test(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  go(url.pathname, url.search);
}
