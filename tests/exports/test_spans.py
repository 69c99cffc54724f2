"""Partial dates: a span holds what the text may mean, and never claims a day that it does not give."""

from __future__ import annotations

from datetime import date

import pytest

from ess_graph.query.exports.spans import span


@pytest.mark.parametrize(
    ("starts", "ends", "first", "last", "known"),
    [
        (["2021-10-14"], [], date(2021, 10, 14), date(2021, 10, 14), True),
        (["2014-01-16"], ["2014-01-17"], date(2014, 1, 16), date(2014, 1, 17), True),
        (["2018"], [], date(2018, 1, 1), date(2018, 12, 31), False),
        (["2020-02"], [], date(2020, 2, 1), date(2020, 2, 29), False),
        (["2022-05", "2022-06"], [], date(2022, 5, 1), date(2022, 6, 30), False),
        (["2019-02"], ["2021-05"], date(2019, 2, 1), date(2021, 5, 31), False),
        (["2019-02-03"], ["2021"], date(2019, 2, 3), date(2021, 12, 31), False),
        (["2019-02-03", "2019-02-10"], [], date(2019, 2, 3), date(2019, 2, 10), False),
        (["2019-02-03"], ["2018-01-01"], date(2019, 2, 3), date(2019, 2, 3), False),
    ],
)
def test_a_span(starts: list[str], ends: list[str], first: date, last: date, known: bool) -> None:
    found = span(starts, ends)
    assert found is not None
    assert (found.first, found.last, found.known) == (first, last, known)


@pytest.mark.parametrize(
    "starts", [[], ["mai"], ["2018-13"], ["2018-02-30"], ["20180101"], ["-2018"], ["0000"], ["2018-00"]]
)
def test_no_date_is_no_span(starts: list[str]) -> None:
    assert span(starts, ["2018"]) is None


def test_in_words() -> None:
    either, series = span(["2022-05", "2022-06"], []), span(["2019-02"], ["2021-05"])
    assert either and series
    assert either.in_words("fr") == "mai 2022 ou juin 2022"
    assert series.in_words("en") == "from February 2019 to May 2021"
