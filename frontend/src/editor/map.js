// The answer on the map of France: territories, their authorities, and coordinates.
import { el, svg } from "../shared/dom.js";
import { zoomable } from "../shared/zoom.js";
import { inWords, irisOf, number } from "./terms.js";

const POINT = /^(?:<[^>]*>\s*)?POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)$/i;
let ground = null;

/** Whether an answer may have something to show on a map. */
export const placeable = (answer) => Boolean(answer.rows?.length) && (answer.rows.some((row) => Object.values(row).some((one) => one?.type === "uri" || POINT.test(one?.value ?? ""))) || Boolean(coordinates(answer.names)));

const coordinates = (names) => {
  const latitude = names.find((name) => /^lat(itude)?$/i.test(name));
  const longitude = names.find((name) => /^(lon|long|lng|longitude)$/i.test(name));
  return latitude && longitude ? { latitude, longitude } : null;
};

/** Show an answer on a map in a frame. */
export async function map(frame, answer, { labels, words, count, groundAddress }) {
  ground ??= fetch(groundAddress).then((found) => { if (!found.ok) throw new Error(found.statusText); return found.json(); });
  let drawn;
  try { drawn = await ground; } catch { ground = null; frame.replaceChildren(el("p", {}, words["error.network"])); return; }
  const byIri = new Map(drawn.places.flatMap((place) => place.iris.map((iri) => [iri, place])));
  const columns = coordinates(answer.names);
  const marks = new Map();
  let placed = 0;
  for (const row of answer.rows) {
    const found = located(row, columns, byIri, drawn.frames);
    if (!found) continue;
    placed += 1;
    const mark = marks.get(found.key) ?? { ...found, rows: [] };
    mark.rows.push(row);
    marks.set(found.key, mark);
  }
  if (!placed) { frame.replaceChildren(el("p", {}, words["map.none"])); return; }
  const shown = [...marks.values()];
  await labels.fill(irisOf(shown.flatMap((mark) => mark.rows.slice(0, 5))));
  const said = el("p", { class: "said", hidden: true });
  const group = svg("g", {},
    svg("g", { class: "land" }, drawn.land.map((d) => svg("path", { d }))),
    svg("path", { class: "borders", d: drawn.borders }),
    shown.filter((mark) => mark.path).map((mark) => place(mark, svg("path", { d: mark.path }), "area strong", answer.names, labels)),
    shown.filter((mark) => !mark.path).map((mark) => place(mark, svg("circle", { cx: mark.at[0], cy: mark.at[1], r: 10 + 4 * Math.sqrt(mark.rows.length) }), "point", answer.names, labels)));
  const drawing = svg("svg", { viewBox: `0 0 ${drawn.width} ${drawn.height}`, role: "group", "aria-label": words["map.label"] }, group);
  const box = el("div", { class: "map" }, drawing, said);
  const tell = (event) => {
    const mark = event.target.closest?.("[data-said]");
    said.hidden = !mark;
    said.textContent = mark?.dataset.said ?? "";
  };
  for (const kind of ["pointerover", "focusin"]) drawing.addEventListener(kind, tell);
  zoomable(box, drawing, group, { in: words["zoom.in"], out: words["zoom.out"], reset: words["zoom.reset"] });
  frame.replaceChildren(el("p", { class: "help" }, words["map.tally"].replace("{placed}", count(placed)).replace("{n}", count(answer.rows.length))), box);
}

function place(mark, shape, kind, names, labels) {
  const lines = mark.rows.slice(0, 5).map((row) => names.map((name) => inWords(row[name], labels)).filter(Boolean).join(" · "));
  if (mark.rows.length > 5) lines.push(`… (${mark.rows.length})`);
  const text = [mark.label, ...lines].filter(Boolean).join("\n");
  return svg("g", { class: kind, tabindex: 0, role: "img", "aria-label": text, "data-said": text }, svg("title", {}, text), shape);
}

function located(row, columns, byIri, frames) {
  const pair = columns ? [number(row[columns.longitude]), number(row[columns.latitude])] : [null, null];
  const written = Object.values(row).map((one) => POINT.exec(one?.value ?? "")).find(Boolean);
  const [longitude, latitude] = written ? [Number(written[1]), Number(written[2])] : pair;
  if (longitude !== null && latitude !== null) {
    const at = project(longitude, latitude, frames);
    return at && { key: at.join(), at, label: "" };
  }
  for (const one of Object.values(row)) {
    const found = one?.type === "uri" && byIri.get(one.value);
    if (found) return { key: found.iris[0], at: found.at, path: found.path, label: found.label };
  }
  return null;
}

/** Web Mercator, in the frame that holds a place. */
function project(longitude, latitude, frames) {
  const found = frames.find(([west, south, east, north]) => longitude >= west && longitude <= east && latitude >= south && latitude <= north);
  if (!found) return null;
  const [west, , , north, x, y, scale] = found;
  const mercator = (degrees) => (1 - Math.asinh(Math.tan((degrees * Math.PI) / 180)) / Math.PI) / 2;
  return [x + ((longitude - west) / 360) * scale, y + (mercator(latitude) - mercator(north)) * scale];
}
