"""One fact of an entity's page, by the name that its link for reports gives it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ess_graph.query.views import EntityPage, Source


@dataclass(frozen=True)
class Fact:
    """A fact as its page says it, and the passages behind it."""

    statement: str
    sources: tuple[Source, ...]


def fact_id(*parts: str) -> str:
    """A short name for a fact that stays the same as long as the fact does, in every language and release."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def find(page: EntityPage, wanted: str, colon: str = ": ") -> Fact | None:
    """The fact of that name; None where the page has it no more. ``colon`` is that of the page's language."""
    for group in page.groups:
        for block in group.blocks:
            for row in block.rows:
                said = [
                    (head, ", ".join(v.text for v in cell))
                    for head, cell in zip(block.columns, row.cells, strict=False)
                ]
                if row.report == wanted:
                    told = "; ".join(f"{head}{colon}{text}" if head else text for head, text in said if text)
                    return Fact(f"{block.name}{colon}{told}", row.sources)
                for value in (value for cell in row.cells for value in cell if value.report == wanted):
                    told = ", ".join(text for _, text in said[:2] if text)
                    return Fact(f"{block.name}{colon}{told}{colon}{value.text}", value.sources)
    return None
