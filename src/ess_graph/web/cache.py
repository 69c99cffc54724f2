"""Answers kept in memory: a release never changes, so neither does the answer to a query on it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing

_MIB = 1024 * 1024


class AnswerCache:
    """A bounded, thread-safe store of whole answers, the least recently used dropped first."""

    def __init__(self, total: int = 64 * _MIB, largest: int = _MIB) -> None:
        """Args: total: bytes kept at the most; largest: bytes of one answer that is still worth keeping."""
        self._total, self._largest, self._size = total, largest, 0
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> bytes | None:
        """The answer kept under a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
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
            self._put(key, b"".join(kept))

    def _put(self, key: tuple[object, ...], answer: bytes) -> None:
        with self._lock:
            self._size += len(answer) - len(self._kept.get(key, b""))
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while self._size > self._total:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)
