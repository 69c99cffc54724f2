"""Rows as a table for a terminal."""

from __future__ import annotations

from ess_graph.engine.base import Solutions


def aligned(found: Solutions) -> str:
    """Columns padded to their widest cell, IRIs and literals in plain text, with a count at the end."""
    grid = [list(found.names)] + [[" ".join(str(row.get(name, "")).split()) for name in found.names] for row in found]
    widths = [max(len(line[at]) for line in grid) for at in range(len(found.names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in grid]
    rule = "  ".join("-" * width for width in widths)
    count = f"({len(found)} row{'' if len(found) == 1 else 's'})"
    return "\n".join([lines[0], rule, *lines[1:], count])
