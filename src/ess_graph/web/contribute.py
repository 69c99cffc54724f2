"""``/contribuer``: where those who have a token decide what waits for a person."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for

from ess_graph.judgements import FILE, Judgements
from ess_graph.proposals import Proposals
from ess_graph.reports import Queue
from ess_graph.web import contribute_links, contribute_reports
from ess_graph.web.desk import Desk
from ess_graph.web.replies import page
from ess_graph.web.site import Site
from ess_graph.web.tokens import AuditLog, Tokens


def blueprint(site: Site, tokens: Tokens, log: AuditLog) -> Blueprint:
    """The routes of the desk; each of its queues adds its own."""
    routes = Blueprint("contribute", __name__)
    desk = Desk(site, tokens, log)
    routes.before_request(desk.admit)

    @routes.get("/contribuer")
    def start() -> Response:
        return page("contribute.html")

    @routes.route("/contribuer/entrer", methods=["GET", "POST"])
    def sign_in() -> Response:
        if request.method == "POST":
            return desk.begin()
        return redirect(url_for("contribute.start"), 303, Response)  # type: ignore[return-value]

    @routes.post("/contribuer/sortir")
    def sign_out() -> Response:
        return desk.end()

    @routes.context_processor
    def about_the_desk() -> dict[str, object]:
        return {"desk": desk.context, "counts": lambda: _counts(site)}

    contribute_links.add(routes, desk)
    contribute_reports.add(routes, desk)
    return routes


def _counts(site: Site) -> dict[str, int]:
    """How much waits, and how much was decided."""
    judgements = Judgements(site.settings.root / FILE)
    waiting = Proposals.read(site.settings.home).waiting(judgements)
    reports = Queue(site.settings.home).listed(everything=True)
    return {
        "things": len(waiting),
        "pairs": sum(len(candidates) for _, candidates in waiting),
        "people": sum(not judgement.by_program for judgement in judgements),
        "program": sum(judgement.by_program for judgement in judgements),
        "reports": sum(report.closed is None for report in reports),
        "closed": sum(report.closed is not None for report in reports),
    }
