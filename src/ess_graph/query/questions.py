"""Example questions: one ``.rq`` file each in ``examples/``, its title in French and English in its first lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_TITLE = re.compile(r"^# (fr|en): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A question in words, and the query that answers it."""

    name: str
    titles: dict[str, str]
    query: str

    def title(self, lang: str) -> str:
        """The question in ``fr`` or ``en``."""
        return self.titles[lang]


@cache
def all() -> tuple[Question, ...]:
    """Every example question, in the order of the files' names."""
    folder = resources.files(__package__).joinpath("examples")
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".rq")}
    return tuple(
        Question(name.removesuffix(".rq"), dict(_TITLE.findall(text)), text) for name, text in sorted(texts.items())
    )
