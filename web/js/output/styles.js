// Lets xterm.js style itself on a page whose policy forbids inline styles.
//
// xterm.js writes <style> elements and style attributes. While a terminal is open, document.createElement hands out
// elements that send the same text to adopted style sheets and to the CSSOM, which the policy allows.

const native = Document.prototype.createElement;
let users = 0;

/** Begin; the returned function ends it. */
export function allowOwnStyles() {
  users += 1;
  if (users === 1) document.createElement = create;
  return () => {
    users -= 1;
    if (!users) delete document.createElement;
  };
}

function create(tag, options) {
  if (tag === "style") return sheetElement();
  const element = native.call(document, tag, options);
  if (tag === "span") {
    element.setAttribute = (name, value) => {
      if (name === "style") element.style.cssText = value;
      else Element.prototype.setAttribute.call(element, name, value);
    };
  }
  return element;
}

function sheetElement() {
  const element = native.call(document, "template");
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", { set: (text) => sheet.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}
