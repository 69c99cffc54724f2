// The answer as bars: a column of numbers against a column of names.
import { scaleLinear } from "d3-scale";
import { el, short, svg } from "../shared/dom.js";
import { inWords, irisOf, number } from "./terms.js";

const MOST = 60;
const BAR = 26;

/** Columns whose every value is a number. */
export const numeric = (answer) => answer.names?.filter((name) => {
  const found = answer.rows.map((row) => row[name]).filter(Boolean);
  return found.length > 0 && found.every((one) => number(one) !== null);
}) ?? [];

/** Show an answer as a chart in a frame. */
export async function chart(frame, answer, { labels, words, lang, count }) {
  const values = numeric(answer);
  if (!values.length) { frame.replaceChildren(el("p", {}, words["chart.none"])); return; }
  const names = answer.names.filter((name) => !values.includes(name));
  const rows = answer.rows.slice(0, MOST);
  await labels.fill(irisOf(rows));
  // The last numbers are what most queries work out; names that differ from row to row tell bars apart.
  let value = values.at(-1);
  let name = names.find((one) => new Set(rows.map((row) => inWords(row[one], labels))).size > rows.length / 2) ?? names[0] ?? values[0];
  const picture = el("div", { class: "chart" });
  const draw = () => picture.replaceChildren(bars(rows, value, name, { labels, words, lang, width: frame.clientWidth }));
  const choice = (label, options, chosen, set) => options.length < 2 ? null : el("label", {}, `${label} `,
    el("select", { onchange: (event) => { set(event.target.value); draw(); } }, options.map((one) => el("option", { value: one, selected: one === chosen }, one))));
  frame.replaceChildren(...[
    el("div", { class: "choices" }, choice(words["chart.value"], values, value, (one) => { value = one; }), choice(words["chart.name"], [...names, ...values], name, (one) => { name = one; })),
    answer.rows.length > MOST ? el("p", { class: "help" }, words["chart.cut"].replace("{shown}", count(MOST)).replace("{n}", count(answer.rows.length))) : null,
    picture,
  ].filter(Boolean));
  draw();
}

function bars(rows, value, name, { labels, words, lang, width }) {
  const numbers = rows.map((row) => number(row[value]));
  const told = rows.map((row) => inWords(row[name], labels));
  const wide = Math.max(300, Math.min(width, 900));
  const left = Math.min(wide * 0.42, 12 + 7 * Math.max(...told.map((text) => Math.min(text.length, 40))));
  const across = scaleLinear([Math.min(0, ...numbers), Math.max(0, ...numbers)], [left, wide - 76]).nice(5);
  const format = new Intl.NumberFormat(lang);
  const height = rows.length * BAR + 30;
  const letters = Math.floor((left - 10) / 7.2);
  return svg("svg", { viewBox: `0 0 ${wide} ${height}`, width: wide, height, role: "img", "aria-label": words["chart.label"].replace("{value}", value).replace("{name}", name) },
    across.ticks(5).map((tick) => svg("g", {},
      svg("line", { class: "tick", x1: across(tick), x2: across(tick), y1: 20, y2: height }),
      svg("text", { class: "tick", x: across(tick), y: 12, "text-anchor": "middle" }, new Intl.NumberFormat(lang, { notation: "compact" }).format(tick)))),
    rows.map((row, at) => {
      if (numbers[at] === null) return null;
      const [from, to] = [across(Math.min(0, numbers[at])), across(Math.max(0, numbers[at]))];
      const y = 26 + at * BAR;
      return svg("g", {}, svg("title", {}, `${told[at]} : ${format.format(numbers[at])}`),
        svg("text", { x: left - 8, y: y + BAR / 2, "text-anchor": "end" }, short(told[at], letters)),
        svg("rect", { class: "bar", x: from, y, width: Math.max(1, to - from), height: BAR - 8 }),
        svg("text", { class: "number", x: to + 5, y: y + BAR / 2 }, format.format(numbers[at])));
    }));
}
