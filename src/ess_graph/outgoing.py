"""The only module that opens a connection: to addresses that an operator listed, within a time and a size."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from ess_graph.errors import BadQuery, LimitHit, NotPossibleNow, RemoteFailed

_MIB = 1024 * 1024
_PIECE = 64 * 1024
_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_MOVED = (301, 302, 303, 307, 308)
#: Where addresses of the open internet are, in IPv6.
_UNICAST = ipaddress.ip_network("2000::/3")
#: Between an IRI and the address of its mirror; no IRI holds it.
_MIRROR = "=>"


@dataclass(frozen=True)
class Answer:
    """What an address answered: its media type without parameters, its bytes, and where it came from in the end."""

    kind: str
    body: bytes
    address: str


class Outgoing:
    """Requests to listed addresses.

    A list item is an exact IRI, or a prefix that ends in ``/``. An item that gives a host by its number or as
    ``localhost`` allows that very host; through a name, private and loopback addresses are never reached. An item
    ``IRI=>ADDRESS`` allows the exact IRI and asks the address in its place: a mirror of the operator's.
    """

    def __init__(self, allowed: Sequence[str] = (), *, seconds: float = 10, size: int = 16) -> None:
        """Args: allowed: the list; seconds: for one request; size: MiB of one answer."""
        pairs = [item.partition(_MIRROR) for item in allowed]
        for named in (address for iri, mark, mirror in pairs for address in ((iri, mirror) if mark else (iri,))):
            try:
                _parts(named)
            except ValueError:
                raise NotPossibleNow(f"ESS_GRAPH_SERVICE_ALLOW: « {named} » is no http(s) address: give one.") from None
        self._allowed = tuple(iri for iri, mark, _ in pairs if not mark)
        # A mirror is reached through the IRI that it stands for, never by its own address.
        self._mirrors = {iri: mirror for iri, mark, mirror in pairs if mark}
        self._seconds, self._size = seconds, size

    def __bool__(self) -> bool:
        return bool(self._allowed or self._mirrors)

    def allows(self, address: str) -> bool:
        """Whether an address is listed."""
        return address in self._mirrors or self._item(address) is not None

    def send(
        self, address: str, headers: Mapping[str, str], body: bytes | None = None, *, deadline: float | None = None
    ) -> Answer:
        """GET an address, or POST ``body`` to it.

        Args:
            address: an http or https IRI.
            headers: of the request.
            body: what is posted.
            deadline: on the monotonic clock; the operator's limit for one request may come first.

        Raises:
            BadQuery: the address is not listed, or leads to a private network.
            LimitHit: too slow, or too much.
            RemoteFailed: it cannot be reached or answers with an error.
        """
        if address in self._mirrors:
            return self._reflected(address, headers, body, deadline)
        until = min(deadline or float("inf"), time.monotonic() + self._seconds)
        for _ in range(_REDIRECTS):
            found = self._once(address, headers, body, until)
            if isinstance(found, Answer):
                return found
            address = found
        raise RemoteFailed(f"{address} leads from one address to another too many times.")

    def _reflected(
        self, address: str, headers: Mapping[str, str], body: bytes | None, deadline: float | None
    ) -> Answer:
        mirror = self._mirrors[address]
        own = Outgoing((mirror,), seconds=self._seconds, size=self._size)
        try:
            return replace(own.send(mirror, headers, body, deadline=deadline), address=address)
        except LimitHit as error:
            raise LimitHit(str(error).replace(mirror, address), error.limit, error.retry_after) from error
        except RemoteFailed as error:
            # Where the mirror is, and what it leads to, is the operator's business.
            status = f": status {error.answered}" if error.answered else ""
            raise RemoteFailed(
                f"{address} cannot be read in its mirror{status}.", error.answered, error.after
            ) from error
        except BadQuery as error:
            raise RemoteFailed(f"{address} cannot be read: its mirror leads elsewhere.") from error

    def _item(self, address: str) -> str | None:
        try:
            parts = _parts(address)
        except ValueError:
            return None
        return next((item for item in self._allowed if _covers(item, address, parts)), None)

    def _once(self, address: str, headers: Mapping[str, str], body: bytes | None, until: float) -> Answer | str:
        item = self._item(address)
        if item is None:
            raise BadQuery(f"{address[:200]} is not among the addresses that this endpoint may ask.")
        parts = urlsplit(address)
        named = urlsplit(item).hostname == parts.hostname and _is_explicit(str(parts.hostname))
        try:
            connection = _connection(parts, until, private=named)
            try:
                target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                connection.request("GET" if body is None else "POST", target, body, dict(headers))
                with connection.getresponse() as reply:
                    if reply.status in _MOVED and (location := reply.getheader("Location")):
                        return urljoin(address, location)
                    if reply.status != 200:
                        after = reply.getheader("Retry-After") or ""
                        raise RemoteFailed(f"{address} answered with status {reply.status}.", reply.status, after)
                    body = self._read(reply, connection, until, address)
                    return Answer(reply.headers.get_content_type(), body, address)
            finally:
                connection.close()
        except TimeoutError:
            raise LimitHit(f"{address} did not answer in time.", "time", 60) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RemoteFailed(f"{address} cannot be read: {type(error).__name__} {error}.") from error

    def _read(
        self, reply: http.client.HTTPResponse, connection: http.client.HTTPConnection, until: float, address: str
    ) -> bytes:
        found = bytearray()
        while True:
            # The clock runs for the whole answer: one that drips would otherwise never end.
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if connection.sock is not None:
                connection.sock.settimeout(left)
            piece = reply.read1(_PIECE)
            if not piece:
                # The library says nothing of an end that comes before the length that was announced.
                if reply.length:
                    raise RemoteFailed(f"{address} broke off, {reply.length} bytes before the end of its answer.")
                return bytes(found)
            found += piece
            if len(found) > self._size * _MIB:
                raise LimitHit(f"{address} answers with more than {self._size} MiB.", "size", 60)


def _parts(address: str) -> SplitResult:
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>^`{|}')
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or not plain:
        raise ValueError(address)
    _ = parts.port  # raises for one that is none
    return parts


def _covers(item: str, address: str, parts: SplitResult) -> bool:
    """Whether a list item lets an address through; a path that climbs up is not below any prefix."""
    if not item.endswith("/"):
        return item == address
    own = _parts(item)
    same = (own.scheme, own.hostname, own.port or _PORTS[own.scheme]) == (
        parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme],
    )  # fmt: skip
    return same and not _climbs(parts.path) and (parts.path or "/").startswith(own.path)


def _climbs(path: str) -> bool:
    """Whether a path climbs up, as any server might read it: decoded twice, with parameters or backslashes."""
    while (plain := unquote(path)) != path:
        path = plain
    return any(piece.partition(";")[0] in (".", "..") for piece in path.replace("\\", "/").split("/"))


def _is_explicit(host: str) -> bool:
    """Whether a host is given as a number, or as this machine."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _is_public(number: str) -> bool:
    """Whether an address is one of the open internet; of IPv6, some that are not embed a private one of IPv4."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global
    inner = address.sixtofour
    return address in _UNICAST and address.is_global and (inner is None or inner.is_global)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connected(numbers: Sequence[str], port: int, until: float) -> socket.socket:
    """A connection to the first of some addresses of a host that answers: it may listen on one of them only."""
    for number in numbers[:-1]:
        with suppress(OSError):
            return socket.create_connection((number, port), timeout=_left(until))
    return socket.create_connection((numbers[-1], port), timeout=_left(until))


def _connection(parts: SplitResult, until: float, *, private: bool) -> http.client.HTTPConnection:
    """A connection to the number that was looked at: a name that gives another the next time leads nowhere else."""
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(entry[4][0]) for entry in found]
    if not private and not all(_is_public(number) for number in numbers):
        raise BadQuery(f"{host} leads to a private network, which this endpoint does not reach.")
    connection = http.client.HTTPConnection(host, port, timeout=_left(until))
    connection.sock = _connected(numbers, port, until)
    if parts.scheme == "https":
        try:
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        except BaseException:
            connection.close()
            raise
    return connection
