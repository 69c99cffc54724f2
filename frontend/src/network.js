// /reseau: the table's partnerships as a drawing.
import { el } from "./shared/dom.js";
import { kindClass, network } from "./shared/net.js";

const section = document.querySelector("[data-network]");
if (section) {
  const { dataset } = section;
  const frame = section.querySelector(".map");
  const said = section.querySelector(".said");
  section.hidden = false;
  try {
    const answer = await fetch(dataset.network, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const graph = await answer.json();
    frame.classList.add("net");
    network(frame, graph, {
      in: dataset.in, out: dataset.out, reset: dataset.reset, labelledby: "dessin", describedby: "dessin-aide",
      linked: (n) => (n === 1 ? dataset.one : dataset.many.replace("#", n)),
    }, (sentence) => { said.textContent = sentence; });
    const kinds = new Map(graph.nodes.filter((node) => node.kind !== "partenariat").map((node) => [node.says, node.kind]));
    frame.after(el("ul", { class: "legend" }, [...kinds].sort().map(([says, kind]) =>
      el("li", {}, el("span", { class: `dot ${kindClass(kind)}` }), says)),
    ));
    if (graph.cut) frame.before(el("p", { class: "panel cut" }, dataset.cut));
  } catch (error) {
    console.info(error);
    frame.replaceChildren(el("p", { class: "help" }, dataset.failed));
  }
}
