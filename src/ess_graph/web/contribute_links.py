"""Review of links at ``/contribuer/liens``: a thing, the units that it may be, decide, next; and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.exceptions import NotFound

from ess_graph.decisions import Overtaken
from ess_graph.errors import InvalidData
from ess_graph.folding import fold
from ess_graph.judgements import FILE, IDENTITY, JUDGEMENTS, Judgement, Judgements, by_person
from ess_graph.proposals import Case, Proposals, Proposed
from ess_graph.query.entity import entity_page
from ess_graph.query.views import EntityPage, Source, Value
from ess_graph.vocab import BASE
from ess_graph.web import narrowing
from ess_graph.web.desk import Desk, Wrong, wrong
from ess_graph.web.entities import sayable
from ess_graph.web.i18n import translator
from ess_graph.web.reasons import reason
from ess_graph.web.replies import page
from ess_graph.web.site import Site

_PER_PAGE = 25
#: Passages that a thing is introduced with; the rest are a fold away.
_PASSAGES = 4
_FILTERS = ("q", "genre")
Waiting = list[tuple[Case, tuple[Proposed, ...]]]


@dataclass(frozen=True)
class Pair:
    """One pair as its form shows it: the candidate where one is known, what was said, and what a reader typed."""

    theirs: str
    candidate: Proposed | None
    history: tuple[Judgement, ...]
    error: Wrong | None = None

    @property
    def seen(self) -> str:
        """The mark of the decision that holds."""
        return self.history[-1].mark if self.history else ""


def add(routes: Blueprint, desk: Desk) -> None:
    """Add the routes of this queue."""
    site = desk.site

    @routes.get("/contribuer/liens")
    def links() -> Response:
        store, proposals = _read(site)
        everything = proposals.waiting(store)
        shown = _narrowed(everything)
        number, pages = narrowing.paging(len(shown), _PER_PAGE)
        labels = _labels([case.ours for case, _ in shown], site)
        return page(
            "contribute_links.html",
            rows=[
                {
                    "case": case,
                    "label": labels[case.ours],
                    "url": _address(case.ours),
                    "number": len(candidates),
                    "reason": reason(case.reason, g.lang),
                }
                for case, candidates in shown[(number - 1) * _PER_PAGE : number * _PER_PAGE]
            ],
            total=len(shown), number=number, pages=pages, pager_base=narrowing.pager_base(),
            kinds=sorted({case.kind for case, _ in everything if case.kind}),
            chosen={name: request.args.get(name, "") for name in _FILTERS},
            proposals=proposals, done=_done(store, site),
        )  # fmt: skip

    @routes.get("/contribuer/liens/<path:ours>")
    def link(ours: str) -> Response:
        return _case(ours, site)

    @routes.post("/contribuer/liens/<path:ours>")
    def decide(ours: str) -> Response:
        store, proposals = _read(site)
        theirs = request.form.get("paire", "")
        case = proposals.of(ours)
        if not (store.history(ours, theirs) or (case and case.candidate(theirs))):
            # Only what was proposed, or decided before, can be decided: a form cannot make a pair up.
            raise NotFound(translator(g.lang)("contribute.error.pair"))
        said, who = request.form.get("decision", ""), request.form.get("qui", "")
        try:
            judgement = by_person(ours, theirs, said, who, request.form.get("note", ""))
            desk.noted(
                f"judgement: {said}, {ours}, {theirs}", lambda: store.decide(judgement, request.form.get("vu", ""))
            )
        except InvalidData as error:
            return _case(ours, site, wrong(error), theirs, 422)
        except Overtaken:
            return _case(ours, site, Wrong("", translator(g.lang)("contribute.error.overtaken")), theirs, 409)
        desk.signed(judgement.who)
        return redirect(_next(case, judgement, proposals, store), 303, Response)  # type: ignore[return-value]

    @routes.get("/contribuer/decisions")
    def decisions() -> Response:
        store, proposals = _read(site)
        asked = {name: request.args.get(name, "") for name in ("q", "decision", "par")}
        found = [
            judgement for judgement in store
            if judgement.matter == IDENTITY and asked["decision"] in ("", judgement.judgement)
            and asked["par"] in ("", "programme" if judgement.by_program else "personne")
        ]  # fmt: skip
        labels = _labels([judgement.ours for judgement in found], site)
        words = fold(asked["q"][:200])
        found = [j for j in found if words in fold(f"{labels[j.ours].text} {j.ours} {j.theirs} {j.who} {j.evidence}")]
        found.sort(key=lambda judgement: judgement.when, reverse=True)
        number, pages = narrowing.paging(len(found), _PER_PAGE)
        return page(
            "contribute_decisions.html",
            rows=[
                {
                    "judgement": judgement,
                    "label": labels[judgement.ours],
                    "unit": _unit(judgement, proposals),
                    "before": len(store.history(judgement.ours, judgement.theirs)) - 1,
                    "url": f"{_address(judgement.ours)}?{urlencode({'paire': judgement.theirs})}",
                }
                for judgement in found[(number - 1) * _PER_PAGE : number * _PER_PAGE]
            ],
            total=len(found), number=number, pages=pages, pager_base=narrowing.pager_base(),
            chosen=asked, judgements=JUDGEMENTS, done=_done(store, site), reason=reason,
        )  # fmt: skip


def _case(ours: str, site: Site, error: Wrong | None = None, about: str = "", status: int = 200) -> Response:
    """A thing with its candidates: those that wait, or the one pair that the address names."""
    store, proposals = _read(site)
    case = proposals.of(ours)
    one = about or request.args.get("paire", "")
    waiting = case.waiting(store) if case else ()
    keys = [one] if one else [candidate.theirs for candidate in waiting]
    pairs = [
        Pair(theirs, case.candidate(theirs) if case else None, tuple(store.history(ours, theirs)),
             error if theirs == about else None)
        for theirs in keys
    ]  # fmt: skip
    if not sayable(BASE + ours) or any(not pair.candidate and not pair.history for pair in pairs):
        raise NotFound(translator(g.lang)("contribute.error.pair"))
    if not pairs and not (case or store.of(ours)):
        raise NotFound(translator(g.lang)("contribute.error.pair"))
    opened = site.opened()
    shown = entity_page(
        BASE + ours, g.lang, engine=opened.engine, index=opened.index, display=opened.display,
        link=site.link, texts=site.passage_text,
    )  # fmt: skip
    return page(
        "contribute_case.html", status,
        ours=ours, case=case, pairs=pairs, page=shown, label=_labels([ours], site, case)[ours],
        sources=_sources(shown), reason=reason, why=reason(case.reason, g.lang) if case and not one else None,
        others=[judgement for judgement in store.of(ours) if judgement.theirs not in keys],
        action=_address(ours), done=_done(store, site), left=len(proposals.waiting(store)),
        kept={name: value for name in _FILTERS if (value := request.values.get(name))},
        typed=request.form if error else {}, judgements=JUDGEMENTS, address=_address,
    )  # fmt: skip


def _next(case: Case | None, judgement: Judgement, proposals: Proposals, store: Judgements) -> str:
    """Where to go on: the same thing while candidates of it wait, else the next one in the order of the queue."""
    kept = {name: value for name in _FILTERS if (value := request.form.get(name))}
    asked = urlencode({**kept, "fait": judgement.mark})
    if request.form.get("retour") == "decisions":
        return f"{url_for('contribute.decisions')}?{urlencode({'fait': judgement.mark})}#fait"
    if case and case.waiting(store):
        return f"{_address(case.ours)}?{asked}#a-decider"
    queue = _narrowed(proposals.waiting(store))
    # The queue keeps its order, so what comes after this thing is what was not seen yet.
    order = {one.ours: at for at, one in enumerate(proposals.cases)}
    at = order.get(judgement.ours, -1)
    following = next((one for one, _ in queue if order[one.ours] > at), queue[0][0] if queue else None)
    if following is None:
        return f"{url_for('contribute.links')}?{asked}#fait"
    return f"{_address(following.ours)}?{asked}#a-decider"


def _read(site: Site) -> tuple[Judgements, Proposals]:
    return Judgements(site.settings.root / FILE), Proposals.read(site.settings.home)


def _narrowed(waiting: Waiting) -> Waiting:
    """The part of the queue that an address or a form asks for."""
    words, kind = fold(request.values.get("q", "")[:200]), request.values.get("genre", "")
    return [
        (case, candidates)
        for case, candidates in waiting
        if kind in ("", case.kind) and (not words or words in fold(" ".join((*case.names, case.ours))))
    ]


def _labels(ours: list[str], site: Site, case: Case | None = None) -> dict[str, Value]:
    """What each thing is called, with its page where the release has one."""
    known = site.opened().index.labels([BASE + one for one in ours], g.lang)
    found = {}
    for one in ours:
        text, lang = known.get(BASE + one, (case.names[0] if case else one, ""))
        found[one] = Value(text, url=site.link(BASE + one) if BASE + one in known else None, lang=lang or None)
    return found


def _unit(judgement: Judgement, proposals: Proposals) -> str:
    """Name of the unit that a judgement is about, empty where the proposals do not have it."""
    case = proposals.of(judgement.ours)
    candidate = case.candidate(judgement.theirs) if case else None
    return candidate.name if candidate else ""


def _done(store: Judgements, site: Site) -> dict[str, object] | None:
    """The decision that was just recorded, as the address says."""
    mark = request.args.get("fait", "")
    judgement = next((one for one in store if one.mark == mark), None) if mark else None
    if judgement is None:
        return None
    label = _labels([judgement.ours], site)[judgement.ours]
    url = f"{_address(judgement.ours)}?{urlencode({'paire': judgement.theirs})}"
    return {"judgement": judgement, "label": label, "url": url}


def _address(ours: str) -> str:
    return url_for("contribute.link", ours=ours)


def _sources(shown: EntityPage | None) -> list[Source]:
    """The first passages that say something of a thing, each once."""
    found: dict[tuple[str, str], Source] = {}
    for group in shown.groups if shown else ():
        for block in group.blocks:
            for row in block.rows:
                for source in row.sources:
                    found.setdefault((source.document, source.lines), source)
    return list(found.values())[:_PASSAGES]
