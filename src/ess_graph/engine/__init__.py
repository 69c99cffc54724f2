"""What answers SPARQL: a protocol and its implementations."""
