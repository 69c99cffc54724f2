// A network as a drawing that the keyboard can walk: one stop of Tab, arrow keys along the links, Enter to open.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import { followable, short, svg } from "./dom.js";
import { zoomable } from "./zoom.js";

const KINDS = ["collectivite", "structure", "groupe", "partenariat", "organizationalunit"];
/** Letters of a name that a drawing has room for. */
const LETTERS = 34;
const ARROWS = { ArrowRight: 0, ArrowDown: Math.PI / 2, ArrowLeft: Math.PI, ArrowUp: -Math.PI / 2 };

/** The class of a node's kind in the style sheet. */
export const kindClass = (kind) => `k-${KINDS.includes(kind) ? kind : "other"}`;

/**
 * Draw a network into a frame.
 *
 * @param graph nodes {id, label, kind, says, url} and links {source, target, role}
 * @param words names of the zoom buttons, and `linked(n)`
 * @param tell called with the sentence about the node that is pointed at or has the focus
 */
export function network(frame, graph, words, tell) {
  const nodes = graph.nodes.map((node) => ({ ...node, links: [] }));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const links = graph.links
    .map((link) => ({ ...link, source: byId.get(link.source), target: byId.get(link.target) }))
    .filter((link) => link.source && link.target);
  for (const link of links) { link.source.links.push(link); link.target.links.push(link); }
  const ratio = Math.min(2.4, Math.max(0.6, frame.clientWidth / Math.min(640, innerHeight * 0.7)));
  lay(nodes, links, ratio);

  const [left, right] = extent(nodes.map((node) => node.x));
  const [top, bottom] = extent(nodes.map((node) => node.y));
  const [width, height] = [right - left + 80, bottom - top + 60];
  // A pixel of the screen in units of the drawing: what is written keeps its size on a telephone.
  const unit = Math.max(width / (frame.clientWidth || width), height / Math.min(640, innerHeight * 0.7));
  const drawing = svg("svg", {
    viewBox: [left - 40, top - 30, width, height].map(Math.round).join(" "),
    role: "group", "aria-labelledby": words.labelledby, "aria-describedby": words.describedby,
  });
  for (const link of links) {
    link.line = svg("line", { x1: link.source.x, y1: link.source.y, x2: link.target.x, y2: link.target.y });
    link.text = svg("text", {
      class: "role", x: (link.source.x + link.target.x) / 2, y: (link.source.y + link.target.y) / 2,
      "text-anchor": "middle", "font-size": unit * 10.5,
    });
  }
  for (const node of nodes) {
    const size = radius(node);
    const shape = isPartnership(node)
      ? svg("rect", { class: "shape", x: -5, y: -5, width: 10, height: 10 })
      : svg("circle", { class: "shape", r: size });
    node.left = node.x - left > width * 0.6;
    node.text = svg("text", {
      x: node.x + (size + 3 * unit) * (node.left ? -1 : 1), y: node.y + 4 * unit,
      "font-size": unit * 11.5, "text-anchor": node.left ? "end" : "start",
    });
    node.element = svg("a", {
      class: kindClass(node.kind), href: node.url ?? "#", transform: `translate(${node.x},${node.y})`, tabindex: -1,
      "aria-label": sentence(node, words),
    }, svg("title", {}, node.label), shape);
    if (!followable(node.url ?? "")) node.element.addEventListener("click", (event) => event.preventDefault());
  }
  const group = svg("g", {}, links.map((link) => link.line), nodes.map((node) => node.element),
    svg("g", { "aria-hidden": "true" }, links.map((link) => link.text), nodes.map((node) => node.text)));
  drawing.append(group);
  frame.replaceChildren(drawing);
  zoomable(frame, drawing, group, words);
  walk(nodes, links, drawing, unit, (node) => tell(node ? sentence(node, words) : ""));
}

function lay(nodes, links, ratio) {
  const simulation = forceSimulation(nodes)
    .force("link", forceLink(links).distance(46).strength(0.6))
    .force("charge", forceManyBody().strength(-150).distanceMax(420))
    .force("collide", forceCollide((node) => radius(node) + 9))
    .force("x", forceX().strength(0.07 / ratio))
    .force("y", forceY().strength(0.07 * ratio))
    .stop();
  // All at once and without motion: the same network always has the same drawing.
  for (let tick = 0; tick < 300; tick += 1) simulation.tick();
  for (const node of nodes) { node.x = Math.round(node.x); node.y = Math.round(node.y); }
}

const isPartnership = (node) => node.kind === "partenariat";
const radius = (node) => (isPartnership(node) ? 5 : 6 + 2 * Math.sqrt(node.links.length));
const extent = (numbers) => [Math.min(...numbers, 0), Math.max(...numbers, 0)];
const other = (link, node) => (link.source === node ? link.target : link.source);

/** Those of some nodes whose names can be written without hiding one another, the first of them first. */
function named(among, obstacles, unit) {
  const boxes = obstacles.filter((node) => !isPartnership(node)).map((node) => [node.x - radius(node), node.y - radius(node), node.x + radius(node), node.y + radius(node), node]);
  return new Set(among.filter((node) => {
    const long = short(node.label, LETTERS).length * 6 * unit;
    const left = node.left ? node.x - radius(node) - 3 * unit - long : node.x + radius(node) + 3 * unit;
    const box = [left, node.y - 8 * unit, left + long, node.y + 6 * unit];
    if (boxes.some((one) => one[4] !== node && one[0] < box[2] && box[0] < one[2] && one[1] < box[3] && box[1] < one[3])) return false;
    boxes.push(box);
    return true;
  }));
}

function sentence(node, words) {
  const said = node.links.map((link) => other(link, node).label + (link.role ? ` (${link.role})` : ""));
  return `${node.label}${node.says ? ` (${node.says})` : ""} – ${words.linked(node.links.length)} : ${said.join(" ; ")}`;
}

function walk(nodes, links, drawing, unit, tell) {
  const busiest = nodes.filter((node) => !isPartnership(node)).sort((a, b) => b.links.length - a.links.length);
  let current = busiest[0] ?? nodes[0];
  if (!current) return;
  current.element.setAttribute("tabindex", 0);
  const show = (node) => {
    // Around a partner stand its partnerships and those who share them; around a partnership its parties.
    const near = new Set(node ? [node, ...node.links.map((link) => other(link, node))] : nodes);
    if (node && !isPartnership(node)) for (const one of [...near]) for (const link of isPartnership(one) ? one.links : []) near.add(other(link, one));
    const written = node
      ? named([node, ...[...near].filter((one) => one !== node && !isPartnership(one))], [...near], unit)
      : named(busiest, nodes, unit);
    for (const one of nodes) {
      one.element.classList.toggle("far", !near.has(one));
      one.text.textContent = written.has(one) ? short(one.label, LETTERS) : "";
    }
    for (const link of links) {
      const on = near.has(link.source) && near.has(link.target) && Boolean(node);
      link.line.classList.toggle("near", on);
      link.text.textContent = on && (isPartnership(node) || node.links.length < 4) ? link.role : "";
    }
    tell(node);
  };
  show(null);
  for (const node of nodes) {
    node.element.addEventListener("focus", () => {
      current.element.setAttribute("tabindex", -1);
      node.element.setAttribute("tabindex", 0);
      current = node;
      show(node);
    });
    node.element.addEventListener("pointerenter", () => show(node));
    node.element.addEventListener("pointerleave", () => show(node.element.matches(":focus") ? node : null));
    node.element.addEventListener("blur", () => show(null));
  }
  drawing.addEventListener("keydown", (event) => {
    if (!(event.key in ARROWS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const linked = current.links.map((link) => other(link, current));
    (towards(current, linked, ARROWS[event.key], 1.2) ?? towards(current, nodes, ARROWS[event.key], 0.9))?.element.focus();
  });
}

/** The nearest of some nodes within an angle (in radians) of a direction. */
function towards(from, among, angle, within) {
  let best = null;
  let least = Infinity;
  for (const node of among) {
    const [dx, dy] = [node.x - from.x, node.y - from.y];
    const turn = Math.abs(Math.atan2(Math.sin(Math.atan2(dy, dx) - angle), Math.cos(Math.atan2(dy, dx) - angle)));
    const cost = Math.hypot(dx, dy) * (1 + turn);
    if (node !== from && turn <= within && cost < least) { best = node; least = cost; }
  }
  return best;
}
