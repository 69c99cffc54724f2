// Elements made one by one: a value is only ever text, so that nothing in an answer can become markup.
const SVG = "http://www.w3.org/2000/svg";

const make = (created) => (attributes, ...children) => {
  const element = created;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href") { const safe = followable(value); if (safe) element.setAttribute("href", safe); }
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
};

/** An HTML element: el("p", {class: "help"}, "text", otherElement). */
export const el = (tag, attributes, ...children) => make(document.createElement(tag))(attributes, ...children);

/** An SVG element, made in the same way. */
export const svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag))(attributes, ...children);

/** An address that may become a link: of this site, or http(s); anything else is null. */
export const followable = (address) => (/^(https?:\/\/|\/(?![/\\])|[#?])/i.test(address) ? address : null);

/** Text cut at a length, for labels in drawings. */
export const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text);
