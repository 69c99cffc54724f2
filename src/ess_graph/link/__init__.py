"""Ties names to official codes: a registry of official files, and the ladder that matches against it."""
