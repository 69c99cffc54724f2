"""How much one client may ask in a time: a budget that fills up again; a burst is welcome, a flood is not."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from flask import request

#: Clients that are remembered; one that is forgotten has its whole budget again.
_CLIENTS = 10_000


class Throttle:
    """The budgets of a server process's clients; safe between threads, in memory only.

    Args:
        most: what a client may spend at once.
        rate: what it gets back each second.
        clock: seconds that never go back.
    """

    def __init__(self, most: float, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.rate, self._clock = most, rate, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, client: str, cost: float) -> int:
        """Take from a client's budget.

        Returns:
            0 when it was enough; otherwise nothing is taken, and so many seconds pass until it is.
        """
        cost, now = min(cost, self.most), self._clock()
        with self._lock:
            left, seen = self._left.pop(client, (self.most, now))
            left = min(self.most, left + (now - seen) * self.rate)
            wait = 0 if left >= cost else ceil((cost - left) / self.rate)
            self._left[client] = (left if wait else left - cost, now)
            while len(self._left) > _CLIENTS:
                self._left.popitem(last=False)
        return wait


def client() -> str:
    """Who sends a request: an address, or the network of 64 bits that one household has of IPv6."""
    address = request.remote_addr or ""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network(f"{known}/64", strict=False)) if known.version == 6 else str(known)
