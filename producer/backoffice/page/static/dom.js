/** Element builder. Text becomes text nodes, so that nothing a user wrote is ever markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * `h("button.primary", { type: "button", on: { click: save } }, "Save")`.
 *
 * @param {string} name tag, then `.class` and `#id`.
 * @param {object} props attributes by their own names; `on` listeners, `data` data-attributes,
 *   `style` properties (through CSSOM, as the content security policy wants). False, null and
 *   undefined leave an attribute out; true gives it empty.
 * @param children nodes, strings, numbers, or arrays of them; null and false are left out.
 */
export function h(name, props = {}, ...children) {
  const [tag, ...marks] = name.split(/(?=[.#])/);
  const element = document.createElement(tag || "div");
  for (const mark of marks) {
    if (mark[0] === "#") element.id = mark.slice(1);
    else element.classList.add(mark.slice(1));
  }
  return fill(set(element, props), children);
}

/** Set attributes, listeners, data and styles on an element; see `h`. */
export function set(element, { on, data, style, ...attributes }) {
  for (const [type, listener] of Object.entries(on ?? {})) element.addEventListener(type, listener);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(style ?? {})) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  return element;
}

function attribute(element, name, value) {
  if (name === "class") element.classList.add(...value.split(" ").filter(Boolean));
  else if (name === "value") element.value = value ?? "";
  else if (name === "checked") element.checked = Boolean(value);
  else if (value === false || value == null) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replace what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false)
    .map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Set an element's text where it changed, so that screen readers and selections are left alone. */
export function tell(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** A 16-pixel line icon from an SVG path; decoration, hidden from screen readers. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
