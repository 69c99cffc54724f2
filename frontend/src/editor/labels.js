// Labels and pages of IRIs, asked of this site and remembered.
const MOST = 1000;

/** A store with get(iri) → {label, lang, url}, and fill(iris) that asks for those not known yet. */
export function labelStore(address) {
  const known = new Map();
  async function ask(iris) {
    const missing = iris.filter((iri) => !known.has(iri)).slice(0, 10 * MOST);
    for (let start = 0; start < missing.length; start += MOST) {
      const batch = missing.slice(start, start + MOST);
      for (const iri of batch) known.set(iri, {});
      try {
        const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(batch) });
        if (answer.ok) for (const [iri, said] of Object.entries(await answer.json())) known.set(iri, said);
      } catch { /* without labels, terms are shown as they are */ }
    }
  }
  // One after the other: who asks for what is on its way waits for it.
  let asked = Promise.resolve();
  return {
    get: (iri) => known.get(iri),
    fill: (iris) => (asked = asked.then(() => ask(iris))),
  };
}
