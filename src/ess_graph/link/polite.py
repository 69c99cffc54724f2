"""Requests to a service of others: named, one at a time, with pauses, and as long after a refusal as it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ess_graph.errors import LimitHit, NotPossibleNow, RemoteFailed
from ess_graph.outgoing import Answer, Outgoing
from ess_graph.vocab import BASE

#: Who asks: Wikimedia and others refuse programs without a name and an address to write to.
AGENT = f"ess-graph/0.1 ({BASE}; open graph of ESS policies) Python"
#: Times that one request is tried, and the longest wait between two that a person is left with.
TRIES, LONGEST = 4, 120.0
#: Seconds to wait where a service that has enough does not say how long.
_ENOUGH = 60.0
_BUSY, _BROKEN = (429, 503), (500, 502, 504)
_SECONDS, _MIB = 90, 16
_HERE = ("127.0.0.1", "::1", "localhost")


class Polite:
    """Sends requests to one address of a service.

    Args:
        endpoint: its address, https (http on this machine alone).
        pause: seconds between two requests at the least.
        told: given a sentence when there is a wait.
        sleep, clock: of tests.

    Raises:
        NotPossibleNow: no such address.
    """

    def __init__(
        self,
        endpoint: str,
        pause: float,
        *,
        told: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not _reachable(endpoint):
            raise NotPossibleNow(f"« {endpoint} » is no https address: give one, or one of this machine.")
        self._outgoing = Outgoing((endpoint,), seconds=_SECONDS, size=_MIB)
        self._endpoint, self._pause = endpoint, pause
        self._told, self._sleep, self._clock = told, sleep, clock
        self._next = 0.0

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to one request, tried again where trying again makes sense.

        Raises:
            NotPossibleNow: the service refuses, is down, or asks for a longer wait than a person is left with.
        """
        named = {"User-Agent": AGENT, **headers}
        for tried in range(1, TRIES + 1):
            self._wait(self._next - self._clock())
            self._next = self._clock() + self._pause
            try:
                return self._outgoing.send(self._endpoint, named, body)
            except RemoteFailed as error:
                if error.answered and error.answered not in _BUSY + _BROKEN:
                    raise RemoteFailed(f"{error} It will not answer this; nothing was lost.", error.answered) from error
                wait = _asked(error) if error.answered in _BUSY else 2.0**tried
                problem: NotPossibleNow = error
            except LimitHit as error:
                if error.limit == "size":
                    raise
                wait, problem = 2.0**tried, error
            if wait > LONGEST or tried == TRIES:
                later = f" It asks for {wait:.0f} seconds of rest." if wait > LONGEST else ""
                raise NotPossibleNow(
                    f"{problem}{later} What was fetched is kept: run the command again later, it goes on from there."
                ) from problem
            self._told(f"{problem} Waiting {wait:.0f} s.")
            self._wait(wait)
        raise AssertionError("unreachable")

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)


def _reachable(endpoint: str) -> bool:
    """Whether an address is https, or http on this machine alone."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE))


def _asked(error: RemoteFailed) -> float:
    """Seconds that a service wants to be left alone, by ``Retry-After``: a number, or a date."""
    said = error.after.strip()
    if said.isascii() and said.isdigit() and len(said) < 9:
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return _ENOUGH
