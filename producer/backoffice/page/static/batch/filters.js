/** Filters: the controls above the gallery; what they say stands in the page's address. */

import { fill, h, tell } from "../dom.js";
import { number } from "../format.js";
import { filterOf, isOpen, NAMES } from "../grid/filter.js";
import { SIZES } from "../grid/layout.js";
import { query, setQuery } from "../router.js";
import { GATE_REASONS, STATES } from "../states.js";

/** Milliseconds without a key before a search is made. */
const PAUSE = 250;

export class Filters {
  /** @param {Node} beside stands beside the states. */
  constructor(signal, beside) {
    this.states = new Map(STATES.map((state) => [state, stateButton(state)]));
    this.controls = controls();
    this.clear = h("button.quiet", { type: "button", on: { click: clearAll } }, "Clear filters");
    this.element = h("div.filters", { role: "search", "aria-label": "Filter the items" },
      h("div.first", {}, h("div.states", { role: "group", "aria-label": "State" }, [...this.states.values()].map(({ button }) => button)), beside),
      h("div.row", {}, Object.values(this.controls).map(({ wrapped }) => wrapped), this.clear));
    this.element.addEventListener("change", (event) => this.#take(event.target), { signal });
    const { q } = this.controls;
    q.control.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#take(q.control), PAUSE);
    }, { signal });
    q.control.addEventListener("keydown", (event) => { if (event.key === "Escape") q.control.blur(); }, { signal });
  }

  /** Show what the address says. */
  show() {
    const asked = query();
    for (const [name, { control }] of Object.entries(this.controls)) {
      control.value = asked.get(name) ?? (name === "size" ? "medium" : "");
    }
    const chosen = asked.getAll("state");
    for (const [state, { button }] of this.states) button.setAttribute("aria-pressed", String(chosen.includes(state)));
    this.clear.hidden = isOpen(filterOf(asked));
  }

  /** Show how many items are in each state. */
  count({ counts }) {
    for (const [state, { button, count }] of this.states) {
      tell(count, number(counts[state] ?? 0));
      button.hidden = !counts[state] && button.getAttribute("aria-pressed") !== "true";
    }
  }

  #take({ name, value }) {
    clearTimeout(this.timer);
    if (!name || (query().get(name) ?? "") === value) return;
    setQuery({ [name]: name === "size" && value === "medium" ? null : value, at: null });
  }
}

function stateButton(state) {
  const count = h("span.count", {}, "0");
  const press = () => {
    const chosen = new Set(query().getAll("state"));
    if (!chosen.delete(state)) chosen.add(state);
    setQuery({ state: [...chosen], at: null }, { push: true });
  };
  const button = h("button.state", { type: "button", data: { state }, on: { click: press }, "aria-pressed": "false" }, h("i"), state, count);
  return { button, count };
}

function controls() {
  const made = {
    q: h("input", { type: "search", name: "q", placeholder: "Search by id or file  /", "aria-label": "Search by id or file", "aria-keyshortcuts": "/" }),
    stage: select("stage", "Stage", { mask: "held masks", result: "held results" }),
    reason: select("reason", "Gate", GATE_REASONS),
    score_from: bound("score_from", "Score from"),
    score_below: bound("score_below", "below"),
    code: h("input", { type: "text", name: "code", placeholder: "Failure code", "aria-label": "Failure code", list: "codes", size: 14 }),
    size: h("select", { name: "size", "aria-label": "Size of the pictures" }, Object.keys(SIZES).map((size) => h("option", { value: size }, `${size} pictures`))),
  };
  return Object.fromEntries(Object.entries(made).map(([name, control]) => [name, { control, wrapped: labelled(name, control) }]));
}

function labelled(name, control) {
  if (!name.startsWith("score")) return control;
  return h("label.inline", {}, h("span.soft.small", {}, name === "score_from" ? "Score from" : "below"), control);
}

function select(name, label, options) {
  return h("select", { name, "aria-label": label }, h("option", { value: "" }, `${label}: any`),
    Object.entries(options).map(([value, text]) => h("option", { value }, text)));
}

function bound(name, label) {
  return h("input", { type: "number", name, min: 0, max: 1, step: 0.05, "aria-label": label });
}

function clearAll() {
  setQuery({ ...Object.fromEntries(NAMES.map((name) => [name, null])), at: null }, { push: true });
}
