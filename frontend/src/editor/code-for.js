// The same question from a program: curl, Python and R, with nothing to install.
const shell = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;
const quoted = (text) => JSON.stringify(text);

const pythonText = (text) => (/\\|"""|"$/.test(text) ? quoted(text) : `"""${text}"""`);
// R's raw strings end at the closing sign that they are opened with; a query that holds it is quoted instead.
const rText = (text) => (text.includes(")---\"") ? quoted(text) : `r"---(${text})---"`);

/** Texts by language for a query (a graph is asked as Turtle, rows as CSV). */
export function programs(endpoint, query, graph) {
  const kind = graph ? "text/turtle" : "text/csv";
  return {
    curl: `curl --data-urlencode query=${shell(query)} \\\n  -H 'Accept: ${kind}' ${shell(endpoint)}\n`,
    Python: `from urllib.parse import urlencode
from urllib.request import Request, urlopen

query = ${pythonText(query)}
request = Request(${quoted(endpoint)}, urlencode({"query": query}).encode(), {"Accept": "${kind}"})
with urlopen(request) as answer:
    print(answer.read().decode())
`,
    R: `query <- ${rText(query)}
address <- paste0(${quoted(endpoint)}, "${endpoint.includes("?") ? "&" : "?"}format=${graph ? "ttl" : "csv"}&query=", URLencode(query, reserved = TRUE))
${graph ? "cat(readLines(address), sep = \"\\n\")" : "answer <- read.csv(address)\nprint(answer)"}
`,
  };
}
