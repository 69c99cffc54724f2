// /sparql: the page's form becomes an editor that runs here; without this script the form asks the server for a page.
import { editor } from "./editor/code.js";
import { known, prefixing, source } from "./editor/completion.js";
import { ask, LARGEST, Problem } from "./editor/ask.js";
import { chart, numeric } from "./editor/chart.js";
import { programs } from "./editor/code-for.js";
import { graph, linkable } from "./editor/graph.js";
import { labelStore } from "./editor/labels.js";
import { map, placeable } from "./editor/map.js";
import { table } from "./editor/table.js";
import { el } from "./shared/dom.js";

const VIEWS = { table, chart, map, graph };
/** Letters of an address that servers and people still take. */
const LONGEST = 6000;

const form = document.querySelector("form[data-query]");
if (form) start(form);

function start(form) {
  const words = JSON.parse(form.dataset.words);
  const { lang } = document.documentElement;
  const area = form.querySelector("textarea");
  const count = (n) => new Intl.NumberFormat(lang).format(n);
  const filled = (key, values = {}) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
  const counted = (key, n, values) => filled(`${key}.${n === 0 || n === 1 ? n : "n"}`, { n: count(n), ...values });
  const labels = labelStore(form.dataset.labels);
  const context = { labels, words, lang, count, groundAddress: form.dataset.ground };

  // What the form keeps beside the query goes along with whatever asks it: the language, the release, the graphs.
  const kept = [...form.querySelectorAll("input[type=hidden]")].map(({ name, value }) => [name, value]);
  const endpoint = (fields = {}) => {
    const asked = new URLSearchParams([...kept, ...Object.entries(fields)]).toString();
    return form.action.split("?")[0] + (asked && `?${asked}`);
  };

  // Words are fetched when somebody comes to write, not with the page.
  let asked = null;
  const lexicon = new Promise((done) => {
    form.addEventListener("focusin", () => {
      asked ??= fetch(form.dataset.lexicon).then((answer) => answer.json()).then((found) => done(known(found)), () => { asked = null; });
    });
  });
  const host = el("div", { class: "code" });
  area.after(host);
  area.hidden = true;
  const code = editor(area, host, { label: `${words.label}. ${words.keys}`, complete: source(lexicon, words), typed: prefixing(lexicon) });
  form.querySelector("label[for=query]").addEventListener("click", () => code.focus());
  form.querySelector("#query-hint").textContent = words.keys;
  for (const plain of form.querySelectorAll("#format, label[for=format]")) plain.hidden = true;
  form.elements.format.disabled = true;

  const go = form.querySelector("button[type=submit]");
  const stop = el("button", { type: "button", class: "quiet stop", hidden: true, onclick: () => running?.abort() }, words.cancel);
  const share = el("button", { type: "button", class: "quiet", onclick: () => copy(share, endpoint({ query: code.text }), words.share) }, words.share);
  go.after(stop, share);
  const status = el("p", { class: "tally", role: "status" });
  form.append(status);
  form.append(asCode());

  const ask_ = form.closest(".ask");
  const error = area.getAttribute("aria-invalid") && ask_.querySelector("#query-error");
  if (error) pointAtServersError(error);
  const given = ask_.querySelector(".answer");
  if (given && !given.querySelector(".verdict")) given.querySelector(".answer-head").append(switcher(["chart", "map", "graph"], null, (view) => run(view)));

  let running = null;
  form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
  const initial = code.text;
  addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search).get("query");
    code.set(query ?? initial);
    if (query) run();
    else { running?.abort(); clear(); status.textContent = ""; }
  });

  async function run(view) {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const query = code.text;
    const began = performance.now();
    const took = () => count(Math.round(performance.now() - began));
    clear();
    code.mark(null);
    remember(query);
    form.setAttribute("aria-busy", "true");
    stop.hidden = false;
    status.textContent = words.running;
    try {
      const answer = await ask(endpoint(), query, mine.signal);
      if (running !== mine) return;
      status.textContent = told(answer, took());
      await show(answer, query, view);
      ask_.querySelector(".answer-head")?.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      if (running !== mine) return;
      if (mine.signal.aborted) status.textContent = filled("cancelled", { ms: took() });
      else { status.textContent = ""; complain(problem); }
    } finally {
      if (running === mine) { running = null; stop.hidden = true; form.removeAttribute("aria-busy"); }
    }
  }

  function told(answer, ms) {
    if ("verdict" in answer) return filled("asked", { ms });
    return counted(answer.graph ? "triples" : "rows", answer.rows.length, { ms });
  }

  async function show(answer, query, view) {
    const heading = el("h2", { id: "reponse", tabindex: -1 }, words.answer);
    const section = el("section", { class: "answer live" });
    const frame = el("div", { class: "frame" });
    const head = el("div", { class: "answer-head" }, heading);
    section.append(head, frame);
    form.after(section);
    if ("verdict" in answer) { frame.append(el("p", { class: `verdict ${answer.verdict ? "yes" : "no"}` }, answer.verdict ? words.yes : words.no)); return; }
    head.append(downloads(query, answer.graph));
    if (!answer.rows.length) { frame.append(el("p", {}, words.empty)); return; }
    const possible = ["table", ...(numeric(answer).length ? ["chart"] : []), ...(placeable(answer) ? ["map"] : []), ...(linkable(answer) ? ["graph"] : [])];
    const first = view ?? "table";
    // Each in a place of its own: one that waits for labels and comes late must not cover what was chosen after it.
    const choose = (one) => {
      const place = el("div");
      frame.replaceChildren(place);
      return VIEWS[one](place, answer, context);
    };
    if (possible.length > 1 || view) head.append(switcher([...new Set([...possible, first])], first, choose));
    await choose(first);
  }

  function switcher(views, chosen, choose) {
    const buttons = views.map((view) => el("button", {
      type: "button", class: "quiet", "aria-pressed": String(view === chosen),
      onclick: () => { for (const one of buttons) one.setAttribute("aria-pressed", String(one === buttons[views.indexOf(view)])); return choose(view); },
    }, words[view]));
    return el("div", { class: "views", role: "group", "aria-label": words.views }, buttons);
  }

  function downloads(query, isGraph) {
    const formats = isGraph ? ["ttl", "nt", "jsonld", "rdf"] : ["csv", "tsv", "json", "xml"];
    return el("p", { class: "downloads" }, el("span", {}, words.downloads), formats.map((format) => {
      const link = endpoint({ query, format });
      if (link.length < LONGEST) return [" ", el("a", { class: "v", href: link, download: `ess-graph.${format}` }, format.toUpperCase())];
      return [" ", el("button", { type: "button", class: "quiet", onclick: () => post(endpoint(), { query, format }) }, format.toUpperCase())];
    }));
  }

  function post(action, fields) {
    const sent = el("form", { method: "post", action, hidden: true }, Object.entries(fields).map(([name, value]) => el("input", { name, value })));
    document.body.append(sent);
    sent.submit();
    sent.remove();
  }

  function complain(problem) {
    const known_ = problem instanceof Problem ? problem : new Problem("network");
    const heading = words[`limit.${known_.limit}`] ?? words.error;
    const position = known_.line ? filled(known_.column ? "error.where" : "error.line", { line: known_.line, column: known_.column }) : null;
    const detail = known_.kind === "network" ? words["error.network"] : known_.kind === "large" ? filled("error.large", { size: LARGEST / 1024 / 1024 }) : known_.detail;
    const panel = el("section", { class: "panel alert", id: "query-error", role: "alert" }, el("h2", {}, heading),
      position ? el("p", { class: "where" }, position, " ", el("button", { type: "button", class: "quiet", onclick: () => code.focus() }, words["error.go"])) : null,
      el("p", { class: "v" }, detail),
      known_.retry ? el("p", {}, filled("retry", { seconds: known_.retry })) : null);
    form.after(panel);
    if (known_.line) code.mark(known_.line, known_.column);
  }

  function pointAtServersError(panel) {
    const [line, column] = panel.querySelector(".where")?.textContent.match(/\d+/g)?.map(Number) ?? [];
    code.mark(line, column);
  }

  function clear() {
    for (const old of ask_.querySelectorAll(".answer, #query-error")) old.remove();
  }

  function remember(query) {
    const wanted = endpoint({ query });
    const shown = new URLSearchParams(location.search).get("query");
    if (wanted.length < LONGEST && query !== shown?.replaceAll("\r\n", "\n")) history.pushState(null, "", wanted);
  }

  function asCode() {
    const shown = el("pre", { tabindex: 0, class: "offending" }, el("code"));
    const button = el("button", { type: "button", class: "quiet", onclick: () => copy(button, shown.textContent, words.copy) }, words.copy);
    const select = el("select", { "aria-label": words.code }, ["curl", "Python", "R"].map((name) => el("option", {}, name)));
    const fill = () => {
      const isGraph = /^\s*(CONSTRUCT|DESCRIBE)\b/im.test(code.text.replace(/#[^\n]*/g, ""));
      shown.firstChild.textContent = programs(endpoint(), code.text, isGraph)[select.value];
    };
    select.addEventListener("change", fill);
    return el("details", { class: "fold as-code", ontoggle: fill }, el("summary", {}, words.code), el("p", {}, select, " ", button), shown);
  }

  async function copy(button, text, label) {
    try { await navigator.clipboard.writeText(text); } catch {
      // Browsers give the clipboard to pages under https or on this machine only; then the text is there to be taken.
      prompt(label, text);
      return;
    }
    button.textContent = words.copied;
    status.textContent = words.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  }
}
