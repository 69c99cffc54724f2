"""Wing: the SPARQL texts and what pages and exports make of their rows."""
