// What the editor offers: this graph's words by name or by meaning, variables of the query, keywords; and prefixes.
import { insertCompletionText, pickedCompletion, startCompletion } from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";
import { el } from "../shared/dom.js";

const KEYWORDS = `SELECT DISTINCT WHERE FILTER OPTIONAL UNION MINUS BIND VALUES GROUP BY ORDER BY HAVING LIMIT OFFSET ASK
CONSTRUCT DESCRIBE PREFIX GRAPH NOT EXISTS COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT STR LANG LANGMATCHES DATATYPE BOUND
IF COALESCE CONTAINS STRSTARTS REGEX REPLACE LCASE UCASE YEAR MONTH CONCAT DESC ASC`.split(/\s+/);
const MOST = 60;

/** Text as people compare it: without accents and case. */
export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Words of a lexicon ({prefixes, terms}), each with the form in which it is written in a query. */
export function known({ prefixes, terms }) {
  const spaces = Object.entries(prefixes).sort((a, b) => b[1].length - a[1].length);
  return {
    prefixes,
    words: terms.map(([iri, kind, label, means, scheme]) => {
      const [prefix, space] = spaces.find(([, found]) => iri.startsWith(found)) ?? [];
      const local = space ? iri.slice(space.length) : "";
      const named = space && /^[A-Za-z_][\w-]*$/.test(local);
      return {
        kind, label, means, scheme, prefix: named ? prefix : null,
        written: named ? `${prefix}:${local}` : `<${iri}>`,
        sought: fold(label), name: fold(local || iri.replace(/.*[/#]/, "")),
      };
    }),
  };
}

/** A completion source over words that may still be on their way. */
export function source(words, sentences) {
  return async (context) => {
    const before = context.matchBefore(/[?$]\w*|<[^>\s]*|[\p{L}\p{N}_-]*:?[\p{L}\p{N}_'-]*/u);
    const typed = before?.text ?? "";
    if (!context.explicit && typed.length < 2) return null;
    if (insideTextOrComment(context)) return null;
    const from = before?.from ?? context.pos;
    if (/^[?$]/.test(typed)) return { from, options: variables(context.state.doc.toString(), typed, sentences), filter: true };
    const found = await words;
    const options = ranked(found, typed, wanted(context.state.sliceDoc(Math.max(0, from - 200), from)))
      .map((word) => option(word, found.prefixes, sentences));
    const keywords = typed.length > 1 && /^[A-Za-z]+$/.test(typed)
      ? KEYWORDS.filter((word) => word.startsWith(typed.toUpperCase())).map((label) => ({ label, type: "keyword", detail: sentences.keyword }))
      : [];
    return options.length + keywords.length ? { from, options: [...keywords, ...options], filter: false } : null;
  };
}

/** After « a » a class is wanted, after a subject or a semicolon a property. */
function wanted(text) {
  if (/(?:^|[\s;,])(?:a|rdf:type)\s+$/.test(text)) return "class";
  if (/;\s*$|(?:^|[.{}])\s*(?:[?$]\w+|[\w-]*:[\w-]+|<[^>\s]*>)\s+$/.test(text)) return "property";
  return "";
}

function ranked({ words }, typed, kind) {
  const sought = fold(typed.replace(/^</, ""));
  const scored = [];
  for (const word of words) {
    const written = fold(word.written);
    let score = -1;
    if (!sought) score = word.kind === kind || !kind ? 1 : -1;
    else if (written.startsWith(sought)) score = 6;
    else if (word.name.startsWith(sought) || word.sought.startsWith(sought)) score = 5;
    else if (word.sought.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(sought))) score = 3;
    else if (sought.length > 3 && (written.includes(sought) || word.sought.includes(sought))) score = 1;
    if (score < 0) continue;
    if (word.kind === kind) score += 4;
    if (word.written.startsWith("ess:")) score += 0.5;
    if (word.kind === "concept") score -= 0.25;
    scored.push([score, word]);
  }
  return scored.sort((a, b) => b[0] - a[0] || (a[1].written < b[1].written ? -1 : 1)).slice(0, MOST).map(([, word]) => word);
}

function option(word, prefixes, sentences) {
  const said = [sentences[word.kind], word.scheme].filter(Boolean).join(" · ");
  return {
    label: word.written,
    displayLabel: word.prefix ? word.written : word.label || word.written,
    detail: word.prefix ? word.label : word.scheme,
    type: word.kind,
    info: () => el("div", {}, el("p", {}, el("strong", {}, word.label || word.written), ` – ${said}`),
      word.means ? el("p", {}, word.means) : null, word.prefix ? null : el("p", {}, el("code", {}, word.written))),
    apply(view, completion, from, to) {
      const added = word.prefix ? declaration(view.state.doc.toString(), word.prefix, prefixes) : null;
      const insert = insertCompletionText(view.state, word.written, from, to);
      view.dispatch(insert, { annotations: pickedCompletion.of(completion) });
      if (added) view.dispatch({ changes: added });
    },
  };
}

function variables(text, typed, sentences) {
  const found = new Set([...text.matchAll(/[?$](\w+)/g)].map((match) => match[1]));
  found.delete(typed.slice(1));
  return [...found].sort().map((name) => ({ label: typed[0] + name, type: "variable", detail: sentences.variable }));
}

/** The change that declares a prefix, above the query and below its first comments; null when it is declared. */
export function declaration(text, prefix, prefixes) {
  if (!(prefix in prefixes) || new RegExp(`^\\s*PREFIX\\s+${prefix}:`, "im").test(text)) return null;
  const declared = [...text.matchAll(/^\s*PREFIX\s+[\w-]*:\s*<[^>]*>[^\S\n]*\n?/gim)].at(-1);
  const at = declared ? declared.index + declared[0].length : (text.match(/^(?:#[^\n]*\n)*/)?.[0].length ?? 0);
  return { from: at, insert: `PREFIX ${prefix}: <${prefixes[prefix]}>\n` };
}

/** Declares a prefix as soon as its colon is typed, and offers its words; once they have come, if they come later. */
export const prefixing = (words) => {
  let found = null;
  const early = new Map();
  const declare = (view, prefix) => {
    const changes = declaration(view.state.doc.toString(), prefix, found.prefixes);
    if (changes) view.dispatch({ changes });
    return Boolean(changes);
  };
  words.then((result) => { found = result; for (const [prefix, view] of early) declare(view, prefix); }, () => {});
  return EditorView.inputHandler.of((view, from, to, text) => {
    if (text !== ":") return false;
    const line = view.state.doc.lineAt(from);
    const prefix = line.text.slice(0, from - line.from).match(/(?:^|[\s({;,^|/!])([A-Za-z][\w-]*)$/)?.[1];
    if (!prefix || /^\s*PREFIX\s/i.test(line.text)) return false;
    if (!found) { early.set(prefix, view); return false; }
    if (!declaration(view.state.doc.toString(), prefix, found.prefixes)) return false;
    view.dispatch({ changes: { from, to, insert: ":" }, selection: { anchor: from + 1 }, userEvent: "input.type" });
    declare(view, prefix);
    startCompletion(view);
    return true;
  });
};

function insideTextOrComment(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from).replace(/<[^>\s]*>/g, "");
  if (/(^|\s)#/.test(before.replace(/"[^"]*"|'[^']*'/g, ""))) return true;
  return (before.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;
}
