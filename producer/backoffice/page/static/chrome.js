/** The bar above every view: where one is, who one is, light or dark, the keys. */

import { outage } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { bind } from "./keys.js";
import { open as openKeys } from "./keysheet.js";
import { go } from "./router.js";
import { session, signOut } from "./session.js";
import { announce, toastError } from "./announce.js";

const MOON = "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z";
const LINKS = [["/", "Batches"], ["/schedules", "Schedules"], ["/workers", "Workers"]];

/** Build the bar and the banner, and bind the keys that work everywhere. */
export function build() {
  session.follow(showBar);
  outage.follow(showBanner);
  document.addEventListener("view", ({ detail }) => arrive(detail));
  bind(null, [
    { id: "keys", label: "Show the keys", group: "Everywhere", keys: ["?"], run: openKeys },
    { id: "batches", label: "All batches", group: "Everywhere", keys: ["b"], run: () => go("/") },
    { id: "search", label: "Search", group: "Everywhere", keys: ["/"], run: focusSearch, when: searchField },
  ]);
}

function showBar(who) {
  fill(document.getElementById("bar"), who && [
    h("a.brand", { href: "/", "aria-label": "Restyle: all batches" }, h("img", { src: "/static/icon.svg", alt: "" }), h("span", {}, "Restyle")),
    h("nav", { "aria-label": "Main" }, LINKS.map(([href, label]) => h("a", { href }, label))),
    h("div.who", {},
      h("span.name.clip", { title: `Signed in as ${who.name} (${who.role})` }, who.name),
      h("button.quiet.square", { type: "button", "aria-label": "Light or dark", title: "Light or dark", on: { click: turnTheme } }, icon(MOON)),
      h("button.quiet.square.keys", { type: "button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts", "aria-keyshortcuts": "?", on: { click: openKeys } }, h("kbd", {}, "?")),
      who.name !== "local" && h("button.quiet", { type: "button", on: { click: () => signOut().catch(toastError) } }, "Sign out")),
  ]);
  markCurrent(location.pathname);
}

/** Tell a screen reader where one is now, and take its focus there, if it is nowhere else. */
function arrive(pathname) {
  markCurrent(pathname);
  if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  announce(document.title);
}

function markCurrent(pathname) {
  for (const link of document.querySelectorAll("#bar nav a")) {
    const href = link.getAttribute("href");
    const here = href === "/" ? pathname === "/" || pathname.startsWith("/batches") : pathname.startsWith(href);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Heals by itself: every poll that goes on asking takes it away with its first answer. */
function showBanner(error) {
  fill(document.getElementById("banner"), error && h("div.banner", {},
    h("span", {}, error.message), h("span", {}, "What you see is as it was; this page tries again by itself.")));
}

function turnTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("restyle.theme", root.dataset.theme);
}

function searchField() {
  return document.querySelector("input[type=search]");
}

function focusSearch() {
  searchField().focus();
}
