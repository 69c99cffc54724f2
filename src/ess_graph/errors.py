"""The errors that people meet: each message is a sentence and says what to do next."""

from __future__ import annotations


class EssGraphError(Exception):
    """Base of every error raised on purpose.

    Attributes:
        exit_code: what the command line returns (1 findings, 2 usage, 3 not possible now).
        status: the HTTP status the web answers with.
    """

    exit_code = 3
    status = 500


class InvalidData(EssGraphError):
    """Data that is malformed or that breaks a shape; the message names file, line and reason.

    Attributes:
        report: what validation found, as JSON would say it, where shapes are broken.
    """

    exit_code = 1
    status = 422

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class BadQuery(EssGraphError):
    """A query that cannot be answered as written.

    Attributes:
        line, column: where the parser stopped, counted from 1, when it says so.
    """

    exit_code = 2
    status = 400

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Forbidden(EssGraphError):
    """A write of something that is derived, or that no token was configured for."""

    exit_code = 2
    status = 403


class BadValue(EssGraphError):
    """A value that a parameter cannot have.

    Attributes:
        parameter: its name; empty when the question has no such parameter.
    """

    exit_code = 2
    status = 400

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class NotFound(EssGraphError):
    """Something asked for by name that this release does not hold."""

    exit_code = 2
    status = 404


class NotPossibleNow(EssGraphError):
    """A lock, a disk or a missing file stands in the way; trying again later may work."""

    status = 503


class OutOfReach(EssGraphError):
    """A question that asks endpoints elsewhere, which this operator did not list.

    Attributes:
        endpoints: those that are not listed.
        query: the text to run with one's own tool.
    """

    status = 403

    def __init__(self, message: str, endpoints: tuple[str, ...], query: str) -> None:
        super().__init__(message)
        self.endpoints = endpoints
        self.query = query


class RemoteFailed(NotPossibleNow):
    """Another server, which an operator listed, cannot be read.

    Attributes:
        answered: the HTTP status that it answered with, 0 where it did not get that far.
        after: its ``Retry-After``, as it says it; empty where it says none.
    """

    status = 502

    def __init__(self, message: str, answered: int = 0, after: str = "") -> None:
        super().__init__(message)
        self.answered = answered
        self.after = after


class LimitHit(NotPossibleNow):
    """A limit of the operator's ended a query, or kept it from starting.

    Attributes:
        limit: which one: ``time``, ``memory``, ``size`` or ``queue``.
        retry_after: seconds after which asking again makes sense.
    """

    def __init__(self, message: str, limit: str, retry_after: int = 10) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after = retry_after


class ClientGone(EssGraphError):
    """Nobody waits for this answer any more."""
