// The answer as a network: things named by IRIs in one row are linked; a triple links its subject and its object.
import { el } from "../shared/dom.js";
import { network } from "../shared/net.js";
import { inWords } from "./terms.js";

const MOST = 200;

/** Whether an answer has rows in which two things are named. */
export const linkable = (answer) => Boolean(answer.rows?.some((row) => pairs(answer, row).length));

function pairs(answer, row) {
  if (answer.graph) return row.object.type === "literal" ? [] : [[row.subject, row.object, row.predicate]];
  const named = answer.names.filter((name) => row[name] && row[name].type !== "literal" && row[name].type !== "typed-literal");
  return named.slice(1).map((name) => [row[named[0]], row[name], { type: "name", value: name }]);
}

/** Show an answer as a graph in a frame. */
export async function graph(frame, answer, { labels, words, count }) {
  const found = answer.rows.flatMap((row) => pairs(answer, row)).filter(([from, to]) => from.value !== to.value);
  const degree = new Map();
  for (const [from, to] of found) for (const one of [from, to]) degree.set(one.value, (degree.get(one.value) ?? 0) + 1);
  if (!found.length) { frame.replaceChildren(el("p", {}, words["graph.none"])); return; }
  const kept = new Set([...degree].sort((a, b) => b[1] - a[1]).slice(0, MOST).map(([value]) => value));
  const terms = new Map(found.flat().filter((one) => one.type !== "name").map((one) => [one.value, one]));
  await labels.fill([...terms.values()].filter((one) => one.type === "uri").map((one) => one.value));
  const nodes = [...kept].map((value) => ({ id: value, label: inWords(terms.get(value), labels), kind: "collectivite", says: "", url: labels.get(value)?.url ?? value }));
  const seen = new Set();
  const links = found.filter(([from, to]) => kept.has(from.value) && kept.has(to.value)).flatMap(([from, to, by]) => {
    const key = [from.value, to.value, by.value].join("\n");
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ source: from.value, target: to.value, role: by.type === "name" ? by.value : inWords(by, labels) }];
  });
  const box = el("div", { class: "map net" });
  const said = el("p", { class: "said", role: "status" });
  frame.replaceChildren(...[
    el("p", { class: "help", id: "graphe-aide" }, words["graph.help"]),
    degree.size > MOST ? el("p", { class: "help" }, words["graph.cut"].replace("{shown}", count(MOST)).replace("{n}", count(degree.size))) : null,
    box, said,
  ].filter(Boolean));
  network(box, { nodes, links }, {
    in: words["zoom.in"], out: words["zoom.out"], reset: words["zoom.reset"], labelledby: "reponse", describedby: "graphe-aide",
    linked: (n) => (n === 1 ? words["linked.1"] : words["linked.n"].replace("{n}", n)),
  }, (sentence) => { said.textContent = sentence; });
}
