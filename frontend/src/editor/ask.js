// One query asked of the endpoint: its whole answer or an error, never a part that looks whole.
import { graphTerms } from "./terms.js";

/** Bytes of an answer that a page can still hold. */
export const LARGEST = 32 * 1024 * 1024;
const ACCEPT = "application/sparql-results+json, application/n-triples;q=0.9";

/** What went wrong, as application/problem+json says it: detail, line, column, limit, retry (seconds). */
export class Problem extends Error {
  constructor(kind, members = {}) {
    super(members.detail ?? kind);
    Object.assign(this, { kind }, members);
  }
}

/**
 * Ask, and read to the end.
 *
 * @returns {names, rows, graph} where rows are objects of terms {type, value, lang, datatype}, or {verdict}
 */
export async function ask(endpoint, query, signal) {
  let response;
  try {
    response = await fetch(endpoint, { method: "POST", headers: { Accept: ACCEPT }, body: new URLSearchParams({ query }), signal });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem("network");
  }
  const text = await whole(response, signal);
  if (!response.ok) {
    let members = {};
    try { members = JSON.parse(text); } catch { members = { detail: response.statusText }; }
    throw new Problem("refused", { ...members, retry: response.headers.get("Retry-After") });
  }
  if (response.headers.get("Content-Type")?.startsWith("application/n-triples")) {
    return { graph: true, names: ["subject", "predicate", "object"], rows: graphTerms(text) };
  }
  const body = JSON.parse(text);
  if ("boolean" in body) return { verdict: body.boolean };
  const rows = body.results.bindings.map((row) => Object.fromEntries(
    Object.entries(row).map(([name, term]) => [name, { type: term.type, value: term.value, lang: term["xml:lang"], datatype: term.datatype }]),
  ));
  return { graph: false, names: body.head.vars, rows };
}

async function whole(response, signal) {
  const reader = response.body.getReader();
  const pieces = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > LARGEST) { await reader.cancel(); throw new Problem("large"); }
      pieces.push(value);
    }
  } catch (error) {
    if (error instanceof Problem || signal?.aborted) throw error;
    throw new Problem("network");
  }
  return new Blob(pieces).text();
}
