/** Who is signed in, and what their role may do. */

import { get, post, remove, signedOut, trust } from "./api.js";
import { Store } from "./store.js";

const RANKS = { viewer: 1, operator: 2, admin: 3 };

/** { name, role } of who is signed in; null before that is known. */
export const session = new Store(null);

/** Find out who is signed in; a 401 leaves it null and shows the sign-in. */
export async function recall() {
  take(await get("/session"));
}

/** Sign in with an API token. */
export async function signIn(token) {
  take(await post("/session", { token }));
}

/** Sign out here. */
export async function signOut() {
  await remove("/session");
  session.set(null);
  trust("");
  signedOut.set(true);
}

/** Whether who is signed in may do what a role may. */
export function may(role) {
  return (RANKS[session.value?.role] ?? 0) >= RANKS[role];
}

function take({ name, role, csrf }) {
  trust(csrf);
  session.set({ name, role });
  signedOut.set(false);
}
