// RDF terms of an answer: read from N-Triples, written short, told apart.
const TERM = String.raw`(?:<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?)`;
const LINE = new RegExp(String.raw`^\s*${TERM}\s+<([^>]*)>\s+${TERM}\s*\.\s*$`);
const ESCAPES = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };
const NUMERIC = /#(integer|decimal|double|float|long|int|short|byte|(non)?(Negative|Positive)Integer|unsigned\w+)$/i;

const plain = (text) => text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four, eight, one) =>
  one ? ESCAPES[one] ?? one : String.fromCodePoint(parseInt(four ?? eight, 16)));

const term = (iri, blank, text, lang, datatype) => {
  if (iri !== undefined) return { type: "uri", value: plain(iri) };
  if (blank !== undefined) return { type: "bnode", value: blank.slice(2) };
  return { type: "literal", value: plain(text), lang, datatype };
};

/** Rows of subject, predicate and object from N-Triples. */
export function graphTerms(text) {
  const rows = [];
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (found) rows.push({ subject: term(...found.slice(1, 6)), predicate: term(found[6]), object: term(...found.slice(7, 12)) });
  }
  return rows;
}

/** The number that a literal is; null for anything else. */
export function number(found) {
  if (!found || found.type === "uri" || found.type === "bnode" || found.value.trim() === "") return null;
  if (found.datatype && !NUMERIC.test(found.datatype)) return null;
  const value = Number(found.value);
  return Number.isFinite(value) && (found.datatype || !found.lang) ? value : null;
}

/** The distinct IRIs of some rows, in their order. */
export const irisOf = (rows) => [...new Set(rows.flatMap((row) => Object.values(row)).filter((one) => one?.type === "uri").map((one) => one.value))];

/** A term in words: its label when it has one. */
export const inWords = (found, labels) => (found ? (found.type === "uri" && labels.get(found.value)?.label) || (found.type === "bnode" ? `_:${found.value}` : found.value) : "");
