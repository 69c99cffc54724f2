"""The matcher's reasons in the reader's language: its English sentences are recognised by their pattern.

The patterns are messages like all others (``messages/reasons.toml``): what stands between braces in the English
sentence is put into the other one, itself translated where it is a reason.
"""

from __future__ import annotations

import re
from functools import cache

from ess_graph.query.views import Value
from ess_graph.web.i18n import messages

_PREFIX = "reason."
_HOLE = re.compile(r"\\{(\w+)\\}")


def reason(said: str, lang: str) -> Value:
    """A reason of the matcher's; one that no pattern knows stays English, and says so."""
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(said):
            parts = {name: reason(part, lang).text for name, part in found.groupdict().items()}
            return Value(sentence[lang].format(**parts), lang=lang)
    return Value(said, lang="en")


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Each sentence with a pattern for its English form; what is said more exactly comes first."""
    found = [sentence for key, sentence in messages().items() if key.startswith(_PREFIX)]
    found.sort(key=lambda sentence: (sentence["en"].count("{"), -len(sentence["en"])))
    return [(re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(sentence["en"]))), sentence) for sentence in found]
