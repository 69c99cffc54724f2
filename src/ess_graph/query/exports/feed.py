"""What changed from release to release, as an Atom feed (RFC 4287)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from ess_graph.folding import fold
from ess_graph.query.index import Index
from ess_graph.query.views import Value
from ess_graph.releases import Release
from ess_graph.vocab import ATOM, BASE, DATASET, XHTML, XML

#: Fills the sentence of a key.
Words = Callable[..., str]

_HOW = ("added", "changed", "removed")
_LISTED = 200
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Update:
    """One release against the one before it.

    Attributes:
        release, since: their names; ``since`` is None for the first one.
        created: when the release was made (ISO).
        triples: how many it holds.
        statements: how many came and how many went.
        things: what was ``added``, ``changed`` and ``removed``, in alphabetical order.
    """

    release: str
    since: str | None
    created: str
    triples: int
    statements: tuple[int, int]
    things: Mapping[str, tuple[Value, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """Number of things by what happened to them."""
        return {how: len(self.things.get(how, ())) for how in _HOW}


def updates(releases: Iterable[Release], index: Index, lang: str, link: Callable[[str], str | None]) -> list[Update]:
    """Each release with what it changed, in the order given; names are those of ``index``."""
    found = []
    for release in releases:
        if not release.changes.is_file():
            continue  # written in place: what it changed is not worked out
        said: dict[str, Any] = json.loads(release.changes.read_text(encoding="utf-8"))
        things = said.get("things", {})
        labels = index.labels((iri for how in _HOW for iri in things.get(how, ())), lang)
        found.append(
            Update(
                release.id,
                said["since"],
                str(release.manifest["created"]),
                int(release.manifest["triples"]),
                (int(said.get("added", 0)), int(said.get("removed", 0))),
                {how: _values(things.get(how, ()), labels, link, gone=how == "removed") for how in _HOW},
            )
        )
    return found


def _values(
    iris: Iterable[str], labels: Mapping[str, tuple[str, str]], link: Callable[[str], str | None], *, gone: bool
) -> tuple[Value, ...]:
    # What is gone has no page, and no name but its address.
    values = [
        Value(labels.get(iri, (iri.removeprefix(BASE), ""))[0], url=None if gone else link(iri), iri=iri)
        for iri in iris
    ]
    return tuple(sorted(values, key=lambda value: (fold(value.text), value.iri or "")))


def atom(shown: Iterable[Update], *, lang: str, t: Words, own: str, page: str, base: str) -> bytes:
    """The feed.

    Args:
        shown: releases, newest first; one that changed no statement is left out.
        lang: ``fr`` or ``en``.
        t: sentences in that language.
        own: address of the feed.
        page: address of the page with the same content.
        base: address of the site without a final slash, put before links that are paths.
    """
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {f"{{{XML}}}lang": lang})
    entries = [update for update in shown if update.since is None or any(update.statements)]
    _text(feed, "id", f"{DATASET}#changements")
    _text(feed, "title", t("changes.feed"))
    _text(feed, "subtitle", t("changes.lead"))
    _text(feed, "updated", max((update.created for update in entries), default="1970-01-01T00:00:00Z"))
    _link(feed, "self", own, "application/atom+xml")
    _link(feed, "alternate", page, "text/html")
    _text(ET.SubElement(feed, f"{{{ATOM}}}author"), "name", "ess-graph")
    _text(feed, "rights", t("footer.licences"))
    for update in entries:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", f"{DATASET}/{update.release}")
        _text(entry, "title", headline(update, t))
        _text(entry, "updated", update.created)
        _link(entry, "alternate", f"{page}#{update.release}", "text/html")
        content = ET.SubElement(entry, f"{{{ATOM}}}content", {"type": "xhtml"})
        _content(ET.SubElement(content, f"{{{XHTML}}}div"), update, t, base)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def headline(update: Update, t: Words) -> str:
    """One line: what came, changed and went."""
    if update.since is None:
        return t("changes.first", triples=update.triples)
    counts = update.counts
    return t("changes.headline", **{how: counts[how] for how in _HOW})


def _content(div: ET.Element, update: Update, t: Words, base: str) -> None:
    _text(div, "p", headline(update, t), XHTML)
    if update.since:
        came, went = update.statements
        _text(div, "p", t("changes.statements", added=came, removed=went, since=update.since), XHTML)
    for how in _HOW:
        values = update.things.get(how, ())
        if values:
            _text(div, "h2", t(f"changes.{how}"), XHTML)
            listed = ET.SubElement(div, f"{{{XHTML}}}ul")
            for value in values[:_LISTED]:
                item = ET.SubElement(listed, f"{{{XHTML}}}li")
                if value.url:
                    where = base + value.url if value.url.startswith("/") else value.url
                    _text(item, "a", value.text, XHTML).set("href", _clean(where))
                else:
                    item.text = _clean(value.text)
            if len(values) > _LISTED:
                _text(div, "p", t("changes.more", n=len(values) - _LISTED), XHTML)


def _text(parent: ET.Element, name: str, text: str, namespace: str = ATOM) -> ET.Element:
    element = ET.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = _clean(text)
    return element


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": rel, "href": _clean(href), "type": kind})


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold, each shown as the sign for what is unreadable."""
    return _NOT_XML.sub("\ufffd", text)
