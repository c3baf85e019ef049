/** Settings: what a person chose in the viewer, kept in this browser. */

import { Store } from "../store.js";

const ADVANCE = "restyle.advance";

/** Whether a decision leads on to the next item. */
export const autoAdvance = new Store(localStorage.getItem(ADVANCE) !== "no");

autoAdvance.follow((on) => localStorage.setItem(ADVANCE, on ? "yes" : "no"));
