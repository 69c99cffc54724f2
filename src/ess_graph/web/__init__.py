"""Wing: what people and programs meet over HTTP."""
