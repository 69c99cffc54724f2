"""Answers kept in memory: what strangers send decides neither how much is kept nor under which name."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator

from ess_graph.web.cache import AnswerCache

MIB = 1024 * 1024


def put(cache: AnswerCache, key: tuple[object, ...], answer: bytes) -> None:
    def pieces() -> Generator[bytes]:
        yield answer

    assert b"".join(cache.keeping(key, pieces())) == answer


def test_neither_long_queries_nor_countless_ones_take_more_than_the_bound() -> None:
    cache = AnswerCache(total=MIB)
    tracemalloc.start()
    try:
        for n in range(20):
            put(cache, ("release", f"ASK {{}} # {'x' * MIB} {n}"), b"[]")
        for n in range(10_000):
            put(cache, ("release", f"ASK {{}} # {n}"), b"[]")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 2 * MIB
    assert cache.get(("release", "ASK {} # 9999")) == b"[]"
    assert cache.get(("release", "ASK {} # 0")) is None, "the oldest made room"


def test_an_answer_is_found_under_all_that_it_depends_on_and_nothing_less() -> None:
    cache = AnswerCache()
    put(cache, ("one", "ASK {}\ntwo", "json"), b"first")
    put(cache, ("one", "ASK {}", "two\njson"), b"second")
    assert cache.get(("one", "ASK {}\ntwo", "json")) == b"first"
    assert cache.get(("one", "ASK {}", "two\njson")) == b"second"
    assert cache.get(("two", "ASK {}", "json")) is None


def test_an_answer_that_is_too_large_or_breaks_is_not_kept() -> None:
    cache = AnswerCache(total=MIB, largest=10)
    put(cache, ("large",), b"x" * 11)
    assert cache.get(("large",)) is None
    answer = cache.keeping(("broken",), (piece for piece in (b"a", b"b")))
    assert next(answer) == b"a"
    del answer
    assert cache.get(("broken",)) is None
