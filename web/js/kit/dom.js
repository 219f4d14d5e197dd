// Makes elements without markup: text goes in as text, styles go in through the CSSOM.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `props`: class, on (listeners), style (CSSOM), data, some properties; the rest are attributes. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  append(element, children);
  return element;
}

/** Make an SVG element; everything in `attributes` is an attribute. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  append(element, children);
  return element;
}

/** Change an element in the way el() makes one. */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") element.className = value;
    else if (name === "on")
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else attribute(element, name, value);
  }
  return element;
}

/** Replace what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Listen until the returned function is called. */
export function on(target, type, listener, options) {
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
}

/** A bag of things to undo: add functions, call off() once. */
export function leaving() {
  const deeds = [];
  return {
    add: (...fns) => deeds.push(...fns),
    on: (...args) => deeds.push(on(...args)),
    off: () =>
      deeds
        .splice(0)
        .reverse()
        .forEach((deed) => deed()),
  };
}

let serial = 0;

/** An id that no other element has. */
export const uid = (word = "x") => `${word}-${++serial}`;

const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "indeterminate",
  "inert",
  "readOnly",
  "selected",
  "tabIndex",
  "textContent",
  "open",
  "spellcheck",
]);

function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

function append(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(child));
  }
}
