"""ess-graph: France's social and solidarity economy policies as an open knowledge graph."""
