"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ess_graph.engine.base import Solutions


def aligned(found: Solutions) -> str:
    """Columns padded to their widest cell, IRIs and literals in plain text, with a count at the end."""
    return columns(found.names, [[str(row.get(name, "")) for name in found.names] for row in found])


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Texts under their headings."""
    grid = [list(names)] + [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in grid) for at in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in grid]
    rule = "  ".join("-" * width for width in widths)
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    return "\n".join([lines[0], rule, *lines[1:], count])
