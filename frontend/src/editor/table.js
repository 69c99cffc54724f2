// The answer as a table: a page of rows at a time, sorted by a column if one wants.
import { el, followable } from "../shared/dom.js";
import { inWords, irisOf, number } from "./terms.js";

const PAGE = 100;
const LONG = 440;
// On a telephone each row is a card and the heads are hidden: nothing there may take the focus.
const narrow = matchMedia("(max-width: 47.99rem)");

/** Show an answer as a table in a frame. */
export async function table(frame, answer, { labels, words, lang, count }) {
  let rows = answer.rows;
  let at = 0;
  let order = null;
  const heads = answer.graph ? { subject: words.subject, predicate: words.predicate, object: words.object } : {};

  const show = async (focus) => {
    const page = rows.slice(at, at + PAGE);
    await labels.fill(irisOf(page));
    const head = answer.names.map((name) => el("th", { role: "columnheader", scope: "col", "aria-sort": order?.name === name ? (order.down ? "descending" : "ascending") : null },
      narrow.matches ? (heads[name] ?? name) : el("button", { type: "button", class: "sort", title: words.sort.replace("{name}", heads[name] ?? name), onclick: () => sort(name) }, heads[name] ?? name)));
    const body = page.map((row) => el("tr", { role: "row" }, answer.names.map((name) =>
      el("td", { role: "cell", "data-label": heads[name] ?? name, class: row[name] ? null : "void" }, cell(row[name], { labels, words, lang })))));
    const grid = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words.answer },
      el("table", { class: "t rows", role: "table" },
        el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head)), el("tbody", { role: "rowgroup" }, body)));
    const where = words.where.replace("{from}", count(at + 1)).replace("{to}", count(Math.min(at + PAGE, rows.length))).replace("{n}", count(rows.length));
    const pager = rows.length > PAGE ? el("div", { class: "pager" },
      el("button", { type: "button", class: "quiet", disabled: at === 0, onclick: () => turn(-PAGE) }, words.previous),
      el("span", {}, where),
      el("button", { type: "button", class: "quiet", disabled: at + PAGE >= rows.length, onclick: () => turn(PAGE) }, words.next)) : null;
    frame.replaceChildren(...[grid, pager].filter(Boolean));
    if (focus) grid.focus();
  };
  const turn = (by) => { at += by; return show(true); };
  const sort = async (name) => {
    order = { name, down: order?.name === name && !order.down };
    if (answer.rows.length <= 10000) await labels.fill(irisOf(answer.rows.map((row) => ({ [name]: row[name] }))));
    rows = [...answer.rows].sort(by(name, labels, lang));
    if (order.down) rows.reverse();
    at = 0;
    await show();
    frame.querySelectorAll("button.sort")[answer.names.indexOf(name)].focus();
  };
  await show();
}

function by(name, labels, lang) {
  const collator = new Intl.Collator(lang, { numeric: true });
  return (a, b) => {
    const [x, y] = [number(a[name]), number(b[name])];
    if (x !== null && y !== null) return x - y;
    return collator.compare(inWords(a[name], labels), inWords(b[name], labels));
  };
}

function cell(found, { labels, words, lang }) {
  if (!found) return [el("span", { class: "none", "aria-hidden": "true" }, "–"), el("span", { class: "sr" }, words.none)];
  const said = found.type === "uri" ? labels.get(found.value) : null;
  const text = inWords(found, labels);
  const tongue = (found.lang || said?.lang || "").split("-")[0];
  const foreign = tongue && tongue !== lang ? tongue : null;
  const broken = Math.max(...text.split(/\s+/).map((word) => word.length)) > 22 ? "v brk" : "v";
  const mark = foreign ? el("abbr", { class: "tongue", title: foreign }, foreign) : null;
  const address = found.type === "uri" ? followable(said?.url ?? found.value) : null;
  if (address) {
    const away = /^https?:/i.test(address);
    return [el("a", { class: away ? `${broken} ext` : broken, href: address, title: said?.label ? found.value : null, rel: away ? "external noopener" : null, lang: foreign }, text), mark && " ", mark];
  }
  if (text.length > LONG) {
    return [el("details", { class: "more" },
      el("summary", {}, el("span", { class: broken, lang: foreign }, `${text.slice(0, LONG - 80)}…`), " ", el("span", { class: "more-label" }, words.more)),
      el("p", { class: broken, lang: foreign }, text)), mark];
  }
  return [el("span", { class: broken, lang: foreign, title: found.datatype ?? null }, text), mark && " ", mark];
}
