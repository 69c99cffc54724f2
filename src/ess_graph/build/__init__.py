"""Wing: data files become a validated, indexed, immutable release."""
