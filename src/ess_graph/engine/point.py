"""Queries whose own text bounds their cost: what is said of one thing, asked in a single triple pattern."""

from __future__ import annotations

import re
from functools import lru_cache

# The plain way to write each; a query that writes them otherwise is as right, and no point query.
_VARIABLE = r"[?$][A-Za-z_][A-Za-z0-9_]*+"
_CONSTANT = (
    r'<[^<>"{}|^`\\\x00-\x20]*+>|[A-Za-z][A-Za-z0-9-]*+:[A-Za-z0-9_-]++|"[^"\\\n\r]*+"(?:@[A-Za-z]++(?:-[A-Za-z]++)*+)?'
)
_BEGINNING = re.compile(
    r"""\s*+ (?:PREFIX\s++[A-Za-z][A-Za-z0-9-]*+:\s*+<[^<>"{}|^`\\\x00-\x20]*+>\s*+)*+
    (?:ASK | SELECT\s*+(?P<projected>\*|(?:[?$][A-Za-z_][A-Za-z0-9_]*+\s*+)++)) \s*+ (?:WHERE\s*+)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PATTERN = re.compile(
    rf"""\{{ \s*+ ({_CONSTANT}|{_VARIABLE}) \s++ (a|{_CONSTANT}|{_VARIABLE}) \s++ ({_CONSTANT}|{_VARIABLE})
    \s*+ (?:\.\s*+)? \}} \s*+ (?:LIMIT\s++[0-9]++\s*+)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NAMES = re.compile(_VARIABLE)
#: Characters of a text that is read and parsed in no time.
_SHORT = 4096


def is_point(query: str) -> bool:
    """Whether a query is one triple pattern that names its subject or its object, and whose variables all differ.

    Every order of a pattern's terms is indexed, so each step of the engine gives a row; what is projected is in the
    pattern, so each row has something in it. Whoever bounds the length of such an answer has bounded its time, on a
    store that nothing was deleted from: the engine passes over what was deleted, row by row.
    """
    return len(query) <= _SHORT and _is_point(query)


# A request asks at each of its steps.
@lru_cache(maxsize=512)
def _is_point(query: str) -> bool:
    beginning = _BEGINNING.match(query)
    pattern = beginning and _PATTERN.fullmatch(query, beginning.end())
    if not beginning or not pattern:
        return False
    subject, _, value = terms = pattern.groups()
    variables = [term[1:] for term in terms if term[0] in "?$"]
    projected = {name[1:] for name in _NAMES.findall(beginning["projected"] or "")}
    known = subject[0] not in "?$" or value[0] not in "?$"
    return known and len(set(variables)) == len(variables) and projected <= set(variables)
