/** The page: its routes, and what stands around them. */

import { signedOut } from "./api.js";
import * as chrome from "./chrome.js";
import { h } from "./dom.js";
import * as router from "./router.js";
import { recall, session } from "./session.js";
import * as signin from "./signin.js";

router.add("/", () => import("./batches/view.js"));
router.add("/batches/:batch", () => import("./batch/view.js"));
router.add("/batches/:batch/review", () => import("./review/view.js"));
router.add("/batches/:batch/items/:number", () => import("./item/view.js"));
router.add("/schedules", () => import("./schedules/view.js"));
router.add("/workers", () => import("./workers/view.js"));
router.add("/sign-in", () => Promise.resolve({ view: () => router.go("/", "", { replace: true }) }));

/** Milliseconds between two tries while the service is away at the start. */
const RETRY = 3000;

/** What stands in place of a view that could not be built. */
function broken(error) {
  const again = () => router.reload();
  return h("div.empty", { role: "alert" }, h("h1", {}, error.message), error.hint && h("p", {}, error.hint),
    h("div.row", {}, h("button", { type: "button", on: { click: again } }, "Try again"), h("a.button", { href: "/" }, "All batches")));
}

function askForToken(isOut) {
  if (!isOut) return;
  session.set(null);
  router.leave();
  signin.show(document.getElementById("main"), router.reload);
}

/** Ask who is signed in until the service answers; a 401 is an answer. */
async function recallAtLast() {
  for (;;) {
    try {
      return await recall();
    } catch (error) {
      if (!error.passing) return error;
      await new Promise((wake) => setTimeout(wake, RETRY));
    }
  }
}

async function begin() {
  chrome.build();
  router.listen({ show: broken });
  await recallAtLast();
  signedOut.follow(askForToken);
  if (!signedOut.value) await router.reload();
}

begin();
