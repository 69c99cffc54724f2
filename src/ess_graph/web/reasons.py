"""What modules without a reader say, in the reader's language: their English sentences are recognised by pattern.

These are the matcher's reasons and the engine's complaints. The patterns are messages like all others
(``messages/reasons.toml``, ``messages/problems.toml``): what stands between braces in the English sentence is put into
the other one, itself translated where it is known.
"""

from __future__ import annotations

import re
from functools import cache

from ess_graph.query.views import Value
from ess_graph.web.i18n import messages

_REASON, _PROBLEM = "reason.", "problem."
#: Between the reasons of one judgement.
_AND = "; "
_JOINED = {"fr": "\u00a0; ", "en": _AND}
_HOLE = re.compile(r"\\{(\w+)\\}")


def reason(said: str, lang: str) -> Value:
    """A reason of the matcher's; one that no pattern knows stays English, and says so."""
    return _told(said, lang, _REASON)


def problem(said: str, lang: str) -> Value:
    """A complaint of the engine's or of a protocol's; the same."""
    return _told(said, lang, _PROBLEM)


def _told(said: str, lang: str, prefix: str) -> Value:
    for pattern, sentence in _patterns(prefix):
        if found := pattern.fullmatch(said):
            parts = {name: _told(part, lang, prefix).text for name, part in found.groupdict().items()}
            return Value(sentence[lang].format(**parts), lang=lang)
    several = [_told(part, lang, prefix) for part in said.split(_AND)] if _AND in said else []
    if several and all(part.lang == lang for part in several):
        return Value(_JOINED[lang].join(part.text for part in several), lang=lang)
    return Value(said, lang="en")


@cache
def _patterns(prefix: str) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Each sentence with a pattern for its English form; what is said more exactly comes first."""
    found = [sentence for key, sentence in messages().items() if key.startswith(prefix)]
    found.sort(key=lambda sentence: (sentence["en"].count("{"), -len(sentence["en"])))
    return [(re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(sentence["en"])), re.S), sentence) for sentence in found]
