/** History: who decided what and when, in a drawer; each decision can be taken back there. */

import { toast, toastError } from "../announce.js";
import { batchPath, get, post } from "../api.js";
import { heading, modal } from "../dialog.js";
import { fill, h } from "../dom.js";
import { ago, counted, moment } from "../format.js";
import { told } from "../grid/filter.js";
import { may } from "../session.js";
import { words } from "../states.js";

const DONE = { approve: "approved", reject: "rejected", pick: "picked a variant of", undo: "took back" };

/** Open the drawer of a batch; `onUndone()` is called after an undo. */
export function openHistory(batch, { signal, onUndone }) {
  const list = h("ol.decided", { "aria-label": "Decisions, newest first" });
  modal("Decisions", h("div.inside", {}, heading("Decisions"), list), { kind: "drawer", signal });
  const show = async () => {
    try {
      const { decisions } = await get(batchPath(batch, "decisions"));
      const undone = new Set(decisions.filter(({ moved }) => moved > 0).map(({ undoes }) => undoes));
      fill(list, decisions.length ? decisions.map((one) => line(one, undone.has(one.id), undo)) : h("li.empty", {}, "Nobody has decided anything here yet."));
    } catch (error) {
      fill(list, h("li.alarm", { role: "alert" }, error.message));
    }
  };
  const undo = async (id) => {
    try {
      const { moved, too_late: late } = await post(batchPath(batch, "decisions", id, "undo"));
      toast(`${counted(moved, "item")} taken back${late ? `; ${counted(late, "item")} too late` : ""}.`);
      onUndone();
    } catch (error) {
      toastError(error);
    }
    await show();
  };
  return show();
}

function line(decision, isUndone, undo) {
  const { id, action, by, at, reason, moved, filter } = decision;
  const canUndo = action !== "undo" && !isUndone && moved > 0 && may("operator");
  return h("li", { class: isUndone ? "taken-back" : "" },
    h("div.grow", {},
      h("p", {}, h("strong", {}, by), ` ${DONE[action]} ${counted(moved, "item")}`, reason && `: ${words(reason)}`),
      h("p.soft.small", {}, h("time", { datetime: at, title: moment(at) }, ago(at)), filter && ` · ${told(filter)}`, isUndone && " · taken back")),
    canUndo && h("button", { type: "button", on: { click: () => undo(id) }, "aria-label": `Undo: ${by} ${DONE[action]} ${counted(moved, "item")}` }, "Undo"));
}
