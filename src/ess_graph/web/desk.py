"""Who may sit at the desk of ``/contribuer``: a token shown once, a session, and forms that only its pages can send."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from flask import Response, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests, Unauthorized

from ess_graph.decisions import LONGEST_NAME, LONGEST_NOTE
from ess_graph.errors import EssGraphError, InvalidData
from ess_graph.judgements import PROGRAM
from ess_graph.web import addresses, negotiate, protocol
from ess_graph.web.i18n import translator
from ess_graph.web.replies import page
from ess_graph.web.sessions import LASTS, Session, Sessions, form_key, new_secret
from ess_graph.web.site import Site
from ess_graph.web.tokens import AuditLog, Tokens, fingerprint

COOKIE = "ess-graph-contribuer"
_PATH = "/contribuer"
#: Bytes of a form: a name and a note in their longest encoding, and the rest of it.
_BODY = 32 * 1024
#: A page of the desk, to which signing in leads back.
_PAGE = re.compile(r"/contribuer(/[\w%./:#~+@-]*)?", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a form, in a sentence, and the field that has it."""

    field: str
    text: str


class Desk:
    """Admits those who have a token, and notes what they do."""

    def __init__(self, site: Site, tokens: Tokens, log: AuditLog) -> None:
        self.site = site
        self._tokens, self._log = tokens, log
        self._sessions = Sessions(site.settings.home)

    def admit(self) -> Response | None:
        """Let a request through, or give the answer to it; runs before each page of the desk.

        Raises:
            Forbidden: no token is configured, or the form is none of ours.
            Unauthorized, TooManyRequests: a program's token; see ``Tokens``.
        """
        g.private, g.session, g.writer = True, None, ""
        request.max_content_length = _BODY
        digests = self._tokens.digests()
        if not digests:
            raise Forbidden(translator(g.lang)("contribute.error.closed"))
        if request.headers.get("Authorization"):
            # No browser sends it by itself: what it comes with is meant.
            g.writer = self._tokens.writer()
            return None
        g.session = self._sessions.find(_secret(), digests)
        if g.session is None and request.endpoint != "contribute.sign_in":
            return self.form(ended=request.method == "POST")
        if request.method == "POST":
            _check_form()
        if g.session:
            g.writer = fingerprint(g.session.digest)
        return None

    def form(self, wrong: str = "", *, ended: bool = False) -> Response:
        """The form to sign in with, and 401; for programs a problem."""
        t = translator(g.lang)
        if not negotiate.wants_html(request.headers.get("Accept")):
            self._tokens.checked("", tried=False)
        wanted = request.form.get("suite", "") if request.endpoint == "contribute.sign_in" else request.path
        error = t("contribute.error.ended") if ended else wrong
        secret = _secret() or new_secret()
        response = page(
            "contribute_sign_in.html", 401,
            error=error, key=form_key(secret), wanted=_own(wanted), hours=LASTS // 3600,
        )  # fmt: skip
        response.headers["WWW-Authenticate"] = 'Bearer realm="ess-graph"'
        if not _secret():
            self._give(response, secret, None)
        return response

    def begin(self) -> Response:
        """Sign in with the token of a form."""
        t = translator(g.lang)
        try:
            digest = self._tokens.checked(request.form.get("jeton", ""), tried=True)
        except Unauthorized:
            self._log.note(None, "sign in", 401)
            return self.form(t("contribute.error.token"))
        except TooManyRequests as error:
            self._log.note(None, "sign in", 429)
            raise TooManyRequests(t("contribute.error.many"), retry_after=error.retry_after) from None
        session = self._sessions.begin(digest)
        self._log.note(fingerprint(digest), "sign in", 200)
        response: Response = redirect(addresses.onward(_own(request.form.get("suite", ""))), 303, Response)  # type: ignore[assignment]
        # A name that somebody may have put into the browser before is worth nothing now.
        self._give(response, session.secret, LASTS)
        return response

    def end(self) -> Response:
        """Sign out."""
        if g.session:
            self._sessions.end(g.session.secret)
            self._log.note(g.writer, "sign out", 200)
        response: Response = redirect(url_for("pages.home"), 303, Response)  # type: ignore[assignment]
        response.delete_cookie(COOKIE, path=_PATH, secure=request.is_secure, httponly=True, samesite="Strict")
        return response

    def noted(self, what: str, work: Callable[[], T]) -> T:
        """What ``work`` gives, after a line in the audit log, whatever comes of it."""
        try:
            done = work()
        except (EssGraphError, HTTPException) as error:
            self._log.note(g.writer, what, getattr(error, "status", None) or getattr(error, "code", None) or 500)
            raise
        self._log.note(g.writer, what, 200)
        return done

    def signed(self, name: str) -> None:
        """Remember by which name a person signs, for the next form."""
        if g.session and g.session.name != name:
            self._sessions.sign(g.session, name)

    def context(self) -> dict[str, object]:
        """What every page of the desk says: the key of its forms, who signs, until when the session lasts."""
        session: Session | None = g.session
        return {
            "key": form_key(session.secret) if session else "",
            "name": session.name if session else "",
            "until": f"{datetime.fromtimestamp(session.ends, UTC):%H:%M}" if session else "",
            "longest_name": LONGEST_NAME,
            "longest_note": LONGEST_NOTE,
        }

    def _give(self, response: Response, secret: str, seconds: int | None) -> None:
        response.set_cookie(
            COOKIE, secret, max_age=seconds, path=_PATH, secure=request.is_secure, httponly=True, samesite="Strict"
        )


def wrong(error: InvalidData) -> Wrong:
    """What is wrong with a decision, in the reader's language."""
    key = str(error)
    t = translator(g.lang)
    text = t(f"contribute.error.{key}", name=LONGEST_NAME, note=LONGEST_NOTE, program=PROGRAM)
    return Wrong("note" if key == "long" else key, text)


def _check_form() -> None:
    """Refuse a form that another site's page sends, or that was made for another session."""
    secret = _secret()
    sent = request.form.get("cle", "").encode("utf-8", "replace")
    if protocol.from_elsewhere() or not secret or not hmac.compare_digest(sent, form_key(secret).encode()):
        raise Forbidden(translator(g.lang)("contribute.error.form"))


def _secret() -> str:
    return request.cookies.get(COOKIE, "")[:200]


def _own(path: str) -> str:
    """A page of the desk, its first one for whatever is none."""
    return path if _PAGE.fullmatch(path) and ".." not in path else _PATH
