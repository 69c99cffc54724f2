"""Wing: pages of text become facts that cite their lines."""
