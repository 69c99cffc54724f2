"""Error reports of readers at ``/contribuer/signalements``: what they say of which fact, and what becomes of it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for

from ess_graph.decisions import DECISIONS, WAITING, Overtaken
from ess_graph.errors import InvalidData, NotFound
from ess_graph.folding import fold
from ess_graph.reports import Queue, Report
from ess_graph.web import narrowing
from ess_graph.web.desk import Desk, Wrong, wrong
from ess_graph.web.i18n import translator
from ess_graph.web.replies import page
from ess_graph.web.reports import KINDS, subject
from ess_graph.web.site import Site

_PER_PAGE = 25
_FILTERS = ("etat", "genre", "q")
#: What the queue may show; by default those that nobody closed.
STATES = ("", "open", *DECISIONS, "closed", "all")


def add(routes: Blueprint, desk: Desk) -> None:
    """Add the routes of this queue."""
    site = desk.site
    queue = Queue(site.settings.home)

    @routes.get("/contribuer/signalements")
    def reports() -> Response:
        everything = queue.listed(everything=True)
        shown = _narrowed(everything)
        number, pages = narrowing.paging(len(shown), _PER_PAGE)
        return page(
            "contribute_reports.html",
            rows=shown[(number - 1) * _PER_PAGE : number * _PER_PAGE],
            total=len(shown), number=number, pages=pages, pager_base=narrowing.pager_base(),
            chosen={name: request.args.get(name, "") for name in _FILTERS}, kinds=KINDS, states=STATES,
            done=_done(everything),
        )  # fmt: skip

    @routes.get("/contribuer/signalements/<int(max=999999999):number>")
    def report(number: int) -> Response:
        return _report(number, queue, site)

    @routes.post("/contribuer/signalements/<int(max=999999999):number>")
    def settle(number: int) -> Response:
        said, who, note = (request.form.get(name, "") for name in ("decision", "qui", "note"))
        seen = request.form.get("vu", "")
        known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else 0
        t = translator(g.lang)
        try:
            desk.noted(f"report {number}: {said[:20]}", lambda: queue.decide(number, said, who, note, known))
        except InvalidData as error:
            return _report(number, queue, site, wrong(error), 422)
        except Overtaken:
            return _report(number, queue, site, Wrong("", t("contribute.error.overtaken")), 409)
        except NotFound:
            raise NotFound(t("contribute.error.report", n=number)) from None
        desk.signed(queue.report(number).decisions[-1].who)
        return redirect(_next(number, queue), 303, Response)  # type: ignore[return-value]


def _report(number: int, queue: Queue, site: Site, error: Wrong | None = None, status: int = 200) -> Response:
    everything = queue.listed(everything=True)
    found = next((report for report in everything if report.id == number), None)
    if found is None:
        raise NotFound(translator(g.lang)("contribute.error.report", n=number))
    now = subject(found.page, found.fact, site, texts=True)
    waiting = [report.id for report in _narrowed(everything)]
    return page(
        "contribute_report.html", status,
        report=found, now=now, error=error, typed=request.form if error else {}, decisions=DECISIONS,
        said=found.decisions[-1].decision if found.decisions else "", done=_done(everything),
        kept={name: value for name in _FILTERS if (value := request.values.get(name))},
        left=len([one for one in waiting if one != number]),
    )  # fmt: skip


def _narrowed(reports: list[Report]) -> list[Report]:
    """The part of the queue that an address or a form asks for, the oldest first."""
    state, kind = request.values.get("etat", ""), request.values.get("genre", "")
    words = fold(request.values.get("q", "")[:200])
    return [
        report
        for report in reports
        if _has(report, state)
        and kind in ("", report.kind)
        and (not words or words in fold(f"{report.page} {report.statement} {report.message}"))
    ]


def _has(report: Report, state: str) -> bool:
    if state == "all":
        return True
    if state == "":
        return report.closed is None
    return report.closed is not None if state == "closed" else report.state == state


def _next(number: int, queue: Queue) -> str:
    """The next report that nobody decided about, else the list."""
    kept = {name: value for name in _FILTERS if (value := request.form.get(name))}
    asked = urlencode({**kept, "fait": number})
    left = [report.id for report in _narrowed(queue.listed(everything=True)) if report.state != WAITING]
    left = [one for one in left if one != number] if not kept.get("etat") or kept["etat"] == "open" else []
    following = next((one for one in left if one > number), left[0] if left else None)
    if following is None:
        return f"{url_for('contribute.reports')}?{asked}#fait"
    return f"{url_for('contribute.report', number=following)}?{asked}#a-decider"


def _done(reports: list[Report]) -> Report | None:
    """The report that was just decided about, as the address says."""
    number = request.args.get("fait", "")
    return next((report for report in reports if str(report.id) == number and report.decisions), None)
