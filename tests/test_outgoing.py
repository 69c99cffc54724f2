"""The only module that opens connections: which addresses it reaches, and how long and how much it listens."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ess_graph.engine import federation, update
from ess_graph.engine.base import Step
from ess_graph.errors import BadQuery, LimitHit, NotPossibleNow, RemoteFailed
from ess_graph.outgoing import Outgoing

TABLE = b'{"head":{"vars":["x"]},"results":{"bindings":[%s]}}'
ROWS = TABLE % b'{"x":{"type":"literal","value":"a"}},{"x":{"type":"bnode","value":"b"}},{}'
#: Seconds of silence: far more than anybody here waits.
LONG = 60


class Remote:
    """Another server on this machine, which plays whatever its path says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                remote.asked.append((self.command, self.path, body))
                with suppress(OSError):
                    remote.play(self)

            do_GET = do_POST  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.base = f"http://127.0.0.1:{self.port}/"
        self.elsewhere = ""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def play(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer as the last part of the path says."""
        what = handler.path.rpartition("/")[2]
        status, kind, body = 200, "application/sparql-results+json", ROWS
        match what:
            case "moved":
                handler.send_response(302)
                handler.send_header("Location", self.elsewhere)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            case "drips" | "pours":
                handler.send_response(200)
                handler.send_header("Content-Type", kind)
                handler.end_headers()
                handler.close_connection = True
                while True:
                    handler.wfile.write(b" " if what == "drips" else b" " * 65536)
                    handler.wfile.flush()
                    time.sleep(0.05 if what == "drips" else 0)
            case "silent":
                time.sleep(LONG)
                return
            case "broken":
                status = 500
            case "enough":
                handler.send_response(429)
                handler.send_header("Retry-After", "7")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            case "cut":
                handler.send_response(200)
                handler.send_header("Content-Type", kind)
                handler.send_header("Content-Length", str(len(body) + 5))
                handler.end_headers()
                handler.wfile.write(body)
                handler.close_connection = True
                return
            case "html":
                kind, body = "text/html", b"<html>"
            case "yes":
                body = b'{"head":{},"boolean":true}'
            case "evil":
                body = TABLE % b'{"x":{"type":"uri","value":"urn:a> } SERVICE <urn:b"}}'
            case "data.ttl":
                kind, body = "text/turtle", b"<urn:s> <urn:p> <x> ."
            case "bad.ttl":
                kind, body = "text/turtle", b"<urn:s> <urn:p> ,, ."
            case "laughs.rdf":
                kind, body = "application/rdf+xml", b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
                    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>".encode() for n in range(12)
                ) + b"]><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>&m;</rdf:RDF>"  # fmt: skip
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.close()


# Which addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "address", "allowed"),
    [
        ("http://a.example/sparql", "http://a.example/sparql", True),
        ("http://a.example/sparql", "http://a.example/sparql/", False),
        ("http://a.example/sparql", "http://a.example/sparql?x=1", False),
        ("http://a.example/sparql", "http://a.example/sparq", False),
        ("http://a.example/sparql", "https://a.example/sparql", False),
        ("http://a.example/", "http://a.example/", True),
        ("http://a.example/", "http://a.example", True),
        ("http://a.example/", "http://a.example/x?y=1", True),
        ("http://a.example/", "http://A.EXAMPLE/x", True),
        ("http://a.example/", "http://a.example:80/x", True),
        ("http://a.example/", "http://a.example:8080/x", False),
        ("http://a.example:8080/", "http://a.example/x", False),
        ("http://a.example/", "https://a.example/x", False),
        ("http://a.example/", "http://a.example.evil.example/x", False),
        ("http://a.example/", "http://a.example@evil.example/x", False),
        ("http://a.example/", "http://evil.example@a.example/x", False),
        ("http://a.example/", "http://evil.example#http://a.example/", False),
        ("http://a.example/", "http://evil.example\\@a.example/", False),
        ("http://a.example/", "http://a.example./x", False),
        ("http://a.example/", "http://\uff41.example/x", False),
        ("http://a.example/", "http://a.example /x", False),
        ("http://a.example/", "http://a.example\r\nX: y/x", False),
        ("http://a.example/", "http://a.example/\tx", False),
        ("http://a.example/", "http://a.example:99999/x", False),
        ("http://a.example/", "http://a.example:x/x", False),
        ("http://a.example/", "http://[a.example/x", False),
        ("http://a.example/", "//a.example/x", False),
        ("http://a.example/", "file://a.example/x", False),
        ("http://a.example/", "ftp://a.example/x", False),
        ("http://a.example/open/", "http://a.example/open/x", True),
        ("http://a.example/open/", "http://a.example/open", False),
        ("http://a.example/open/", "http://a.example/opened/x", False),
        ("http://a.example/open/", "http://a.example/open/../secret", False),
        ("http://a.example/open/", "http://a.example/open/x/..", False),
        ("http://a.example/open/", "http://a.example/open/%2e%2e/secret", False),
        ("http://a.example/open/", "http://a.example/open/.%2E/secret", False),
        ("http://a.example/open/", "http://a.example/open/..%2fsecret", False),
        ("http://a.example/open/", "http://a.example/open/%2F..%2F/secret", False),
        ("http://a.example/open/", "http://a.example/open/..;/secret", False),
        ("http://a.example/open/", "http://a.example/open/%252e%252e/secret", False),
        ("http://a.example/open/", "http://a.example/open/..%5csecret", False),
        ("http://a.example/open/", "http://a.example/open/a..b", True),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/x", True),
        ("http://[2001:db8::1]/", "http://[2001:db8::2]/x", False),
    ],
)
def test_what_the_list_lets_through(item: str, address: str, allowed: bool) -> None:
    assert Outgoing((item,)).allows(address) is allowed


def test_a_list_item_that_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(NotPossibleNow, match="ESS_GRAPH_SERVICE_ALLOW"):
        Outgoing(("a.example/",))


def test_nothing_is_listed_by_default(remote: Remote) -> None:
    assert not Outgoing()
    with pytest.raises(BadQuery, match="not among"):
        Outgoing().send(remote.base, {})
    assert remote.asked == []


@pytest.mark.parametrize("host", [
    "10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "fd00::1", "0.0.0.0", "::ffff:127.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b::808:808", "fec0::1", "2002:7f00:1::", "ff02::1",
])  # fmt: skip
def test_a_name_that_leads_to_a_private_network_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, remote: Remote, host: str
) -> None:
    def lookup(name: str, port: int, *_: object, **__: object) -> list[object]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        assert name == "rebinding.example"
        # One public address beside it makes it no better.
        return [
            (family, socket.SOCK_STREAM, 6, "", (host, port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    address = f"http://rebinding.example:{remote.port}/"
    with pytest.raises(BadQuery, match="private network"):
        Outgoing((address,)).send(address, {})
    assert remote.asked == []


@pytest.mark.parametrize("host", [
    "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "localhost.", "LOCALHOST",
])  # fmt: skip
def test_this_machine_by_another_name_is_not_reached(remote: Remote, host: str) -> None:
    """Only the number, or ``localhost`` itself, written in the list says that it is meant."""
    outgoing = Outgoing((remote.base,))
    with pytest.raises((BadQuery, RemoteFailed)):
        outgoing.send(f"http://{host}:{remote.port}/x", {})
    assert remote.asked == []


def test_a_host_that_listens_on_one_of_its_addresses_is_found(monkeypatch: pytest.MonkeyPatch, remote: Remote) -> None:
    def lookup(name: str, port: int, *_: object, **__: object) -> list[object]:
        nowhere = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
        return [nowhere, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *rest, **more: (
        lookup(name, *rest) if name == "localhost" else found(name, *rest, **more)
    ))  # fmt: skip
    address = f"http://localhost:{remote.port}/"
    assert Outgoing((address,)).send(address, {}).body == ROWS


def test_a_number_in_the_list_is_meant(remote: Remote) -> None:
    answer = Outgoing((remote.base,)).send(f"{remote.base}a?b=1", {"Accept": "x"}, b"body")
    assert answer.body == ROWS
    assert remote.asked == [("POST", "/a?b=1", b"body")]


# Mirrors -----------------------------------------------------------------------------------------------------------


def test_a_mirror_is_asked_in_the_place_of_an_address(remote: Remote) -> None:
    outgoing = Outgoing((f"https://a.example/sparql=>{remote.base}x",))
    assert outgoing and outgoing.allows("https://a.example/sparql")
    answer = outgoing.send("https://a.example/sparql", {}, b"body")
    assert (answer.body, answer.address) == (ROWS, "https://a.example/sparql")
    assert remote.asked == [("POST", "/x", b"body")]


def test_a_mirror_stands_for_one_address_and_is_none_itself(remote: Remote) -> None:
    outgoing = Outgoing((f"https://a.example/=>{remote.base}",))
    for address in (remote.base, f"{remote.base}x", "https://a.example/x", f"https://a.example/=>{remote.base}"):
        assert not outgoing.allows(address)
        with pytest.raises(BadQuery, match="not among"):
            outgoing.send(address, {})
    assert remote.asked == []


@pytest.mark.parametrize("path", ["broken", "drips", "moved"])
def test_where_a_mirror_is_is_not_told(remote: Remote, path: str) -> None:
    remote.elsewhere = f"{remote.base}other"
    outgoing = Outgoing((f"https://a.example/sparql=>{remote.base}{path}",), seconds=0.3)
    with pytest.raises((RemoteFailed, LimitHit)) as caught:
        outgoing.send("https://a.example/sparql", {})
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("item", ["https://a.example/=>", "=>https://a.example/", "https://a.example/=>b"])
def test_half_a_mirror_is_refused_at_once(item: str) -> None:
    with pytest.raises(NotPossibleNow, match="ESS_GRAPH_SERVICE_ALLOW"):
        Outgoing((item,))


# Redirects ---------------------------------------------------------------------------------------------------------


def test_a_redirect_to_a_listed_address_is_followed(remote: Remote) -> None:
    remote.elsewhere = f"{remote.base}other"
    answer = Outgoing((f"{remote.base}moved", f"{remote.base}other")).send(f"{remote.base}moved", {})
    assert answer.address == f"{remote.base}other"


@pytest.mark.parametrize("where", [
    "{other}x", "file:///etc/passwd", "//127.0.0.1:9/x", "gopher://a/", "{own}secret", "http://[", "\t",
])  # fmt: skip
def test_a_redirect_to_anything_else_is_not(remote: Remote, where: str) -> None:
    other = Remote()
    try:
        remote.elsewhere = where.format(other=other.base, own=remote.base)
        with pytest.raises((BadQuery, RemoteFailed)):
            Outgoing((f"{remote.base}moved",)).send(f"{remote.base}moved", {})
        assert other.asked == []
        assert [path for _, path, _ in remote.asked if path != "/moved"] == []
    finally:
        other.close()


def test_redirects_have_an_end(remote: Remote) -> None:
    remote.elsewhere = f"{remote.base}moved"
    with pytest.raises(RemoteFailed, match="too many times"):
        Outgoing((remote.base,)).send(f"{remote.base}moved", {})
    assert len(remote.asked) < 10


# Limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["drips", "silent"])
def test_a_slow_server_is_given_up(remote: Remote, path: str) -> None:
    """One would never end, the other would end in silence."""
    with pytest.raises(LimitHit) as caught:
        Outgoing((remote.base,), seconds=0.5).send(remote.base + path, {})
    assert caught.value.limit == "time"


def test_an_earlier_deadline_counts(remote: Remote) -> None:
    with pytest.raises(LimitHit):
        Outgoing((remote.base,), seconds=60).send(f"{remote.base}drips", {}, deadline=time.monotonic() + 0.3)


def test_a_large_answer_is_given_up(remote: Remote) -> None:
    with pytest.raises(LimitHit) as caught:
        Outgoing((remote.base,), size=1).send(f"{remote.base}pours", {})
    assert caught.value.limit == "size"


def test_an_answer_that_breaks_off_is_none(remote: Remote) -> None:
    with pytest.raises(RemoteFailed, match="broke off"):
        Outgoing((remote.base,)).send(f"{remote.base}cut", {})


def test_who_has_enough_says_for_how_long(remote: Remote) -> None:
    with pytest.raises(RemoteFailed) as caught:
        Outgoing((remote.base,)).send(f"{remote.base}enough", {})
    assert (caught.value.answered, caught.value.after) == (429, "7")


# SERVICE -----------------------------------------------------------------------------------------------------------


def answered(remote: Remote, query: str, seconds: float = 5, allowed: tuple[str, ...] = ()) -> str:
    return federation.answered(query.replace("@", remote.base), Outgoing(allowed or (remote.base,)), seconds)


def test_solutions_stand_in_the_place_of_a_service(remote: Remote) -> None:
    text = answered(remote, "PREFIX e: <urn:e:> SELECT * { ?a ?b ?c SERVICE <@x> { ?x e:p 'SERVICE' } }")
    assert "SERVICE" not in text
    assert 'VALUES (?x) { ("a") (<https://w3id.org/ess-graph/.well-known/genid/' in text
    assert "(UNDEF)" in text
    [(method, _, body)] = remote.asked
    assert method == "POST"
    assert b"PREFIX e: <urn:e:>" in body
    assert b"SELECT * WHERE\n{ ?x e:p 'SERVICE' }" in body


def test_a_service_within_a_service_is_for_the_endpoint_to_refuse(remote: Remote) -> None:
    other = Remote()
    try:
        inner = f"SERVICE <{other.base}x> {{ ?a ?b ?c }}"
        answered(remote, f"SELECT * {{ SERVICE <@x> {{ ?x ?y ?z {inner} }} }}")
        assert other.asked == []
        assert inner.encode() in remote.asked[0][2]
    finally:
        other.close()


@pytest.mark.parametrize("silent", ["", "SILENT "])
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o SERVICE {silent}<{other}> { ?a ?b ?c } }",
        "SELECT * { SERVICE {silent}<@x> { ?a ?b ?c } SERVICE {silent}<{other}> { ?a ?b ?c } }",
        "PREFIX o: <{other}> SELECT * { SERVICE {silent}o: { ?a ?b ?c } }",
        "BASE <{other}> SELECT * { SERVICE {silent}<> { ?a ?b ?c } }",
        "SELECT * { VALUES ?x { <{other}> } SERVICE {silent}?x { ?a ?b ?c } }",
        "SELECT * { \\u0053ERVICE {silent}<{other}> { ?a ?b ?c } }",
        "SELECT * { ?s ?p 1e0SERVICE {silent}<{other}> { ?a ?b ?c } }",
        "SELECT * { SERVICE {silent}<@x/../../{other}> { ?a ?b ?c } }",
    ],
)
def test_a_service_that_is_not_listed_is_never_asked(remote: Remote, query: str, silent: str) -> None:
    other = Remote()
    try:
        written = query.replace("{silent}", silent).replace("{other}", other.base)
        with suppress(BadQuery):
            assert "SERVICE" not in answered(remote, written)
        assert other.asked == []
    finally:
        other.close()


@pytest.mark.parametrize("path", ["broken", "html", "yes", "evil"])
def test_an_endpoint_that_fails_fails_the_query_unless_it_is_silent(remote: Remote, path: str) -> None:
    with pytest.raises(RemoteFailed):
        answered(remote, f"SELECT * {{ SERVICE <@{path}> {{ ?a ?b ?c }} }}")
    assert "VALUES () { () }" in answered(remote, f"SELECT * {{ SERVICE SILENT <@{path}> {{ ?a ?b ?c }} }}")


def test_all_services_of_a_query_share_its_time(remote: Remote) -> None:
    many = "SERVICE SILENT <@drips> { ?a ?b ?c } " * 20
    answered(remote, f"SELECT * {{ {many} }}", seconds=0.5)
    assert len(remote.asked) <= 1, "the first used it up"


# LOAD --------------------------------------------------------------------------------------------------------------


def steps(remote: Remote, text: str) -> list[Step]:
    return federation.steps(update.read(text.replace("@", remote.base)), Outgoing((remote.base,)), 5)


def test_load_into_a_graph(remote: Remote) -> None:
    [step] = steps(remote, "LOAD <@data.ttl> INTO GRAPH <urn:g>")
    assert (step.do, step.graph, step.kind) == ("load", "urn:g", "text/turtle")
    assert step.base == f"{remote.base}data.ttl"


@pytest.mark.parametrize("path", ["broken", "html", "bad.ttl", "laughs.rdf"])
def test_what_cannot_be_loaded(remote: Remote, path: str) -> None:
    with pytest.raises(RemoteFailed):
        steps(remote, f"LOAD <@{path}> INTO GRAPH <urn:g>")
    [kept] = steps(remote, f"LOAD SILENT <@{path}> INTO GRAPH <urn:g> ; CLEAR GRAPH <urn:h>")
    assert kept.do == "update"


def test_load_of_what_is_not_listed(remote: Remote) -> None:
    assert steps(remote, "LOAD SILENT <http://other.example/x>") == []
    with pytest.raises(BadQuery, match="not among"):
        steps(remote, "LOAD <http://other.example/x>")
