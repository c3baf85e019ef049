/** Signing in with an API token; the page below stays where it is. */

import { fill, h } from "./dom.js";
import { field } from "./dialog.js";
import { signIn } from "./session.js";

/** Show the form in an element; `onDone` is called when one is in. */
export function show(root, onDone) {
  const token = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true, spellcheck: "false", placeholder: "rst_…" });
  const wrong = h("p.alarm", { role: "alert" });
  const send = h("button.primary", { type: "submit" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await signIn(token.value.trim());
      onDone();
    } catch (error) {
      fill(wrong, error.message, " ", error.hint);
      token.setAttribute("aria-invalid", "true");
      token.select();
    } finally {
      send.disabled = false;
    }
  };
  const hint = "From whoever runs Restyle: restyle token add NAME --role operator";
  fill(root, h("form.signin", { on: { submit } }, h("h1", {}, "Sign in to Restyle"),
    field("API token", token, hint), wrong, send));
  document.title = "Sign in · Restyle";
  token.focus();
}
