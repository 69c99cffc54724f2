"""What every write over HTTP goes through: a token, what may be written, the publisher, the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException

from ess_graph.engine.base import Publisher, Receipt, Step
from ess_graph.engine.update import DEFAULT, NAMED
from ess_graph.errors import EssGraphError, Forbidden
from ess_graph.web import protocol
from ess_graph.web.site import Site
from ess_graph.web.tokens import AuditLog, Tokens

_MIB = 1024 * 1024
_NAME_A_GRAPH = (
    "The default graph is made from the named graphs and cannot be written: name a graph (GRAPH <…>, WITH <…>, or the "
    "parameter « graph »)."
)

#: Steps of a write, the graphs that they say they write, and the operation in words.
Write = tuple[Sequence[Step], Iterable[str], str]


class Writing:
    """Carries out writes of those who may."""

    def __init__(self, publisher: Publisher, tokens: Tokens, log: AuditLog, site: Site) -> None:
        self.union = publisher.union
        self._publisher, self._tokens, self._log, self._site = publisher, tokens, log, site

    def carry_out(self, read: Callable[[], Write]) -> Receipt:
        """Carry out a write; ``read`` gets it from the request, once the token is known to be good.

        Raises:
            Forbidden: no token is configured, or what is written is derived.
            Unauthorized, TooManyRequests: the token.
        """
        who, what = None, ""
        try:
            who = self._tokens.writer()
            request.max_content_length = request.max_form_memory_size = self._site.settings.write_size * _MIB
            steps, writes, what = read()
            self._refuse_derived(set(writes))
            timeout = protocol.seconds(request.args.get("timeout"))
            receipt = self._publisher.write(steps, who=who, what=what, seconds=timeout, gone=protocol.gone())
        except (EssGraphError, HTTPException) as error:
            if who or request.headers.get("Authorization"):
                status = error.status if isinstance(error, EssGraphError) else error.code or 500
                self._log.note(who, what, status, detail=str(error)[:300])
            raise
        self._log.note(who, what, 200, **asdict(receipt))
        return receipt

    def _refuse_derived(self, writes: set[str]) -> None:
        if self._publisher.union and writes & {DEFAULT, NAMED}:
            raise Forbidden(_NAME_A_GRAPH)
        if touched := sorted(writes & self._publisher.guarded):
            raise Forbidden(
                f"{', '.join(touched)} is made by a build, or written with the record it belongs to, and not on its "
                "own: name another graph."
            )


def acknowledged(receipt: Receipt, status: int = 200) -> Response:
    """The answer to a write that is done: the release that shows it, and its entry in the journal."""
    response = jsonify({name: value for name, value in asdict(receipt).items() if value is not None})
    response.status_code = status
    return response
