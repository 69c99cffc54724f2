"""Answers kept in memory: a release never changes, so neither does the answer to a query on it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing

_MIB = 1024 * 1024
#: Bytes that an answer takes beside its own: its name and its places in the tables.
_ENTRY = 512


class AnswerCache:
    """A bounded, thread-safe store of whole answers, the least recently used dropped first.

    Keys are all that an answer depends on, the release among it. They hold texts of strangers, so that what is kept of
    a key is its digest: a long query takes no more room than a short one.
    """

    def __init__(self, total: int = 64 * _MIB, largest: int = _MIB) -> None:
        """Args: total: bytes kept at the most; largest: bytes of one answer that is still worth keeping."""
        self._total, self._largest, self._size = total, largest, 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> bytes | None:
        """The answer kept under a key."""
        name = _digest(key)
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def keeping(self, key: tuple[object, ...], pieces: Generator[bytes]) -> Iterator[bytes]:
        """The same pieces; an answer that comes to its end and is small enough is kept."""
        kept: list[bytes] | None = []
        size = 0
        with closing(pieces):
            for piece in pieces:
                size += len(piece)
                if kept is not None:
                    kept.append(piece)
                    if size > self._largest:
                        kept = None
                yield piece
        if kept is not None:
            self._put(_digest(key), b"".join(kept))

    def _put(self, name: bytes, answer: bytes) -> None:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = answer
                self._size += len(answer) + _ENTRY
            while self._size > self._total:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped) + _ENTRY


def _digest(key: tuple[object, ...]) -> bytes:
    return hashlib.sha256(repr(key).encode()).digest()
