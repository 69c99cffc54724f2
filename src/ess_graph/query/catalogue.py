"""The SPARQL texts that pages and exports use, by name; each is one ``.rq`` file beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """The query called ``name``."""
    return resources.files(__package__).joinpath(f"{name}.rq").read_text(encoding="utf-8")
