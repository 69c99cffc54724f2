"""Where a fact was read, in a line of plain text."""

from __future__ import annotations

from collections.abc import Iterable

from ess_graph.query.dates import in_words
from ess_graph.query.views import Source

_DATED = "{0} ({1})"
_INFERRED = {"fr": "{0} ({1}, date déduite)", "en": "{0} ({1}, date inferred)"}


def told(sources: Iterable[Source], lang: str) -> list[str]:
    """``Région Grand Est (22 mars 2022): L12, L30-L31``, a record at a time; a register has no lines."""
    lines: dict[str, list[str]] = {}
    for source in sources:
        lines.setdefault(_named(source, lang), []).append(source.lines)
    return [f"{name}: {', '.join(found)}" if any(found) else name for name, found in lines.items()]


def _named(source: Source, lang: str) -> str:
    # Two versions of a record have one title: the date tells them apart.
    if not source.date:
        return source.document
    return (_INFERRED[lang] if source.inferred else _DATED).format(source.document, in_words(source.date, lang))
