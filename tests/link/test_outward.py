"""What outside services say: asked politely, kept as it comes, believed only as far as it is what was asked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDFS, XSD

from ess_graph import terms
from ess_graph.build import read
from ess_graph.build.release import build
from ess_graph.cli import main
from ess_graph.engine.local import LocalBackend
from ess_graph.errors import InvalidData, RemoteFailed
from ess_graph.judgements import DIFFERENT, IDENTITY, SAME, Judgement, Judgements
from ess_graph.link import outward
from ess_graph.link.kept import Kept
from ess_graph.link.polite import AGENT, TRIES, Polite
from ess_graph.link.services import address, service
from ess_graph.settings import Settings
from ess_graph.vocab import BASE, DBO, GRAPH, PAV, SCHEMA
from ess_graph.web.app import create_app
from link.recorded import Recorded

CASE = Path(__file__).parents[1] / "cases" / "petit" / "data"
TOWN, PLACE = "id/collectivite/ville-de-petitbourg", "id/territoire/commune-petitbourg"
SANDBOX = URIRef("http://www.wikidata.org/entity/Q4115189")
ADDRESS = """@base <https://w3id.org/ess-graph/> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix locn: <http://www.w3.org/ns/locn#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix igeo: <http://rdf.insee.fr/def/geo#> .
<source/petit#fiche> {
 <id/collectivite/ville-de-petitbourg> locn:address <id/adresse/ville-de-petitbourg> .
 <id/adresse/ville-de-petitbourg> a locn:Address ; locn:fullAddress "1 place du Marché – BP 12"@fr ;
   locn:postCode "67070" ; locn:postName "Petitbourg cedex"@fr ; ess:territoire <id/territoire/commune-petitbourg> ;
   prov:wasDerivedFrom <source/petit#L1> .
}
<graph/opendata/cog> { <id/territoire/commune-petitbourg> igeo:codeINSEE "67482" . }
"""


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A small project with one town, its territory and its address, both of accepted identity."""
    made = tmp_path / "projet"
    for name in ("ontology", "shapes", "rules"):
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).symlink_to(root / name)
    shutil.copytree(CASE, made / "data")
    (made / "data" / "adresse.trig").write_text(ADDRESS, encoding="utf-8")
    store = Judgements(made / "data" / "judgements.csv")
    store.add(Judgement(IDENTITY, TOWN, "siren:200066009", SAME, "Une curatrice", "2026-11-22"))
    store.add(Judgement(IDENTITY, PLACE, "insee:commune:67482", SAME, "Une curatrice", "2026-11-22"))
    store.write()
    return made


@pytest.fixture
def serve() -> Iterator[Callable[..., Recorded]]:
    made: list[Recorded] = []

    def start(name: str, *faults: str) -> Recorded:
        made.append(Recorded(name, *faults))
        return made[-1]

    yield start
    for recorded in made:
        recorded.close()


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Callable[..., Result]:
    environment = {"ESS_GRAPH_HOME": str(tmp_path / "home"), "ESS_GRAPH_ROOT": str(project)}
    return lambda *arguments: CliRunner(env=environment).invoke(main, ["opendata", *arguments])


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are counted, not waited for."""
    found: list[float] = []
    monkeypatch.setitem(Polite.__init__.__kwdefaults__, "sleep", found.append)
    return found


def graph(text: str) -> tuple[Graph, set[str]]:
    found, names = Graph(), set()
    for subject, predicate, value, name in terms.from_trig(text):
        found.add((subject, predicate, value))
        names.add(str(name))
    return found, names


# What is published ------------------------------------------------------------------------------------------------


def test_wikidata_is_fetched_read_and_accepted(
    run: Callable[..., Result], serve: Callable[..., Recorded], project: Path, tmp_path: Path
) -> None:
    there = serve("wikidata.json")
    done = run("fetch", "wikidata", "--endpoint", there.address)
    assert done.exit_code == 0, done.output
    assert "1 of 2 things" in done.output
    assert f"{PLACE}: 2 of its things have insee:commune:67482" in done.output
    assert not (project / "data" / "opendata").exists(), "nothing is published before it is accepted"
    found, names = graph((tmp_path / "home" / "fetched" / "wikidata.trig").read_text(encoding="utf-8"))
    assert names == {str(GRAPH["opendata/wikidata"])}
    assert (URIRef(BASE + TOWN), RDFS.seeAlso, SANDBOX) in found
    # Nothing is said of our own thing but where to look.
    assert set(found.predicates(URIRef(BASE + TOWN))) == {RDFS.seeAlso}
    assert set(found.objects(SANDBOX, SCHEMA.url)) == {URIRef("https://petitbourg.example/")}
    assert set(found.objects(SANDBOX, DBO.populationTotal)) == {Literal(1042)}
    assert {str(year) for year in found.objects(SANDBOX, DBO.populationAsOf)} == {"2021"}
    assert {str(v) for v in found.objects(SANDBOX, SCHEMA.latitude)} == {"48.573333"}
    assert "javascript" not in (tmp_path / "home" / "fetched" / "wikidata.trig").read_text(encoding="utf-8")
    dataset = GRAPH["opendata/wikidata"]
    assert set(found.objects(dataset, PROV.wasDerivedFrom)) == {URIRef(there.address)}
    assert [str(v) for v in found.objects(dataset, DCTERMS.license)] == [
        "https://creativecommons.org/publicdomain/zero/1.0/"
    ]
    assert [v.datatype for v in found.objects(dataset, PAV.retrievedOn) if isinstance(v, Literal)] == [XSD.date]
    assert run("accept", "wikidata").exit_code == 0
    assert (project / "data" / "opendata" / "wikidata.trig").is_file()


def test_of_the_units_that_had_a_code_the_one_that_still_has_it(
    run: Callable[..., Result], serve: Callable[..., Recorded], tmp_path: Path
) -> None:
    there = serve("insee.json")
    assert "1 of 1 things" in run("fetch", "insee", "--endpoint", there.address).output
    found, _ = graph((tmp_path / "home" / "fetched" / "insee.trig").read_text(encoding="utf-8"))
    [unit] = found.objects(URIRef(BASE + PLACE), RDFS.seeAlso)
    assert str(unit).startswith("http://id.insee.fr/geo/commune/") and str(unit).endswith("1")
    assert [str(day) for day in found.objects(unit, SCHEMA.foundingDate)] == ["1973-01-01"]
    assert b'"67482"^^<http://www.w3.org/2001/XMLSchema#token>' in there.asked[0]
    assert b"200066009" not in there.asked[0], "an institution has no code of INSEE"


def test_an_address_is_found_without_its_post_office_box(
    run: Callable[..., Result], serve: Callable[..., Recorded], tmp_path: Path
) -> None:
    there = serve("geocoder.csv")
    done = run("fetch", "geocoder", "--endpoint", there.address)
    assert done.exit_code == 0, done.output
    [body] = there.asked
    assert "0,1 place du Marché,Petitbourg,,67482\n".encode() in body
    assert b'name="citycode"\r\n\r\ninsee' in body
    assert there.headers[0]["Content-Type"].startswith("multipart/form-data; boundary=")
    found, _ = graph((tmp_path / "home" / "fetched" / "geocoder.trig").read_text(encoding="utf-8"))
    position = URIRef(BASE + "id/position/ville-de-petitbourg")
    assert (URIRef(BASE + "id/adresse/ville-de-petitbourg"), SCHEMA.geo, position) in found
    assert {str(v) for v in found.objects(position, SCHEMA.longitude)} == {"7.745461"}
    assert {str(v) for v in found.objects(position, RDFS.label)} == {"1 Place du Marché 67000 Petitbourg"}


@pytest.mark.parametrize("change", [("0.9647", "0.41"), (",67482,,,,ok", ",67043,,,,ok"), (",ok", ",not-found")])
def test_a_geocoder_that_is_unsure_or_elsewhere_says_nothing(
    run: Callable[..., Result], serve: Callable[..., Recorded], change: tuple[str, str], tmp_path: Path
) -> None:
    there = serve("geocoder.csv", "changed")
    text = (Path(__file__).parents[1] / "cases" / "services" / "geocoder.csv").read_text(encoding="utf-8")
    there.instead = text.replace(*change).encode()
    assert "says nothing" in run("fetch", "geocoder", "--endpoint", there.address).output
    assert not (tmp_path / "home" / "fetched" / "geocoder.trig").exists()


@pytest.mark.parametrize(
    ("street", "postcode", "town", "asked"),
    [
        ("40, avenue du Drapeau - BP 17 510", "21075", "Dijon Cedex", ("40, avenue du Drapeau", "", "Dijon")),
        ("4 square Castan – CS 51857", "25031", "Besançon Cedex 1", ("4 square Castan", "", "Besançon")),
        ("17 chemin des Brosses", "52190", "Prauthoy", ("17 chemin des Brosses", "52190", "Prauthoy")),
    ],
)
def test_what_is_asked_of_an_address(street: str, postcode: str, town: str, asked: tuple[str, ...]) -> None:
    found = address(street, postcode, town, "")
    assert (found.street, found.postcode, found.town) == asked


def test_only_accepted_identities_are_asked_about(project: Path) -> None:
    store = Judgements(project / "data" / "judgements.csv")
    store.add(Judgement(IDENTITY, TOWN, "siren:200066009", DIFFERENT, "Un autre", "2026-11-23"))
    store.add(Judgement(IDENTITY, TOWN, "insee:commune:67482", SAME, "Un autre", "2026-11-23"))
    asked = outward.wanted(service("wikidata"), store)
    assert [w.ours for w in asked] == [PLACE], "a town hall is not its territory"


@pytest.mark.slow
def test_a_page_shows_it_apart_with_its_source_and_day(
    run: Callable[..., Result], serve: Callable[..., Recorded], project: Path, tmp_path: Path
) -> None:
    before = build(project, tmp_path / "home", LocalBackend()).dump.read_text(encoding="utf-8")
    for name, file in (("wikidata", "wikidata.json"), ("insee", "insee.json"), ("geocoder", "geocoder.csv")):
        run("fetch", name, "--endpoint", serve(file).address)
        assert run("accept", name).exit_code == 0
    assert build(project, tmp_path / "home", LocalBackend()).dump.read_text(encoding="utf-8") != before
    client = create_app(Settings(root=project, home=tmp_path / "home")).test_client()
    text = client.get(f"/page/{TOWN.removeprefix('id/')}", headers={"Accept": "text/html"}).get_data(as_text=True)
    apart = text.index("Ce que d&#39;autres bases en disent")
    assert "1042" not in text[:apart] and "1042" in text[apart:]
    section = text[apart : text.index("</section>", text.index("Wikidata", apart))]
    for said in ("Petitbourg en ville", "petitbourg.example", "1 Place du Marché 67000", "7.745461"):
        assert said in section
    for register in ("Wikidata", "Base Adresse Nationale"):
        assert register in section
    day = f'<time class="date" datetime="{datetime.now(UTC):%Y-%m-%d}">'
    assert section.count(day) == 2, "each source has its day, once"
    assert '<span class="chip-at"></span>' not in text
    english = client.get(f"/page/{PLACE.removeprefix('id/')}?lang=en").get_data(as_text=True)
    assert "What other databases say" in english and "Code officiel géographique en données liées" in english
    data = client.get(f"/data/{TOWN.removeprefix('id/')}.nt").get_data(as_text=True)
    assert f"<{SANDBOX}> <{DBO.populationTotal}>" in data
    features = client.get("/carte.geojson").get_json()["features"]
    [place] = [f for f in features if f["id"].endswith("id/adresse/ville-de-petitbourg")]
    assert place["geometry"]["coordinates"] == [7.745461, 48.583861]


def test_a_build_refuses_what_no_judgement_accepts_any_more(
    run: Callable[..., Result], serve: Callable[..., Recorded], project: Path
) -> None:
    run("fetch", "wikidata", "--endpoint", serve("wikidata.json").address)
    run("accept", "wikidata")
    read.read(project)
    store = Judgements(project / "data" / "judgements.csv")
    store.add(Judgement(IDENTITY, TOWN, "siren:200066009", DIFFERENT, "Une curatrice", "2026-11-23"))
    store.write()
    with pytest.raises(InvalidData, match="opendata fetch wikidata"):
        read.read(project)
    # Asking again makes it right: there is nothing left to accept.
    assert "says nothing" in run("fetch", "wikidata", "--endpoint", serve("wikidata.json").address).output


def test_without_a_fetched_file_there_is_nothing_to_accept(run: Callable[..., Result]) -> None:
    done = run("accept", "wikidata")
    assert done.exit_code == 2 and "fetch wikidata" in done.output


# What goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "503", "500", "502", "cut"])
def test_what_passes_is_tried_again(
    run: Callable[..., Result], serve: Callable[..., Recorded], fault: str, waits: list[float]
) -> None:
    there = serve("wikidata.json", fault)
    done = run("fetch", "wikidata", "--endpoint", there.address)
    assert done.exit_code == 0, done.output
    assert len(there.asked) == 2
    assert max(waits) >= 2
    if fault == "429":
        assert 7.0 in waits, "as long as Retry-After says"


@pytest.mark.parametrize("fault", ["html", "other", "404", "403"])
def test_what_is_no_answer_is_not_believed(
    run: Callable[..., Result], serve: Callable[..., Recorded], fault: str, tmp_path: Path
) -> None:
    there = serve("wikidata.json", fault)
    done = run("fetch", "wikidata", "--endpoint", there.address)
    assert done.exit_code == 3
    assert len(there.asked) == 1, "asking the same again brings the same"
    assert there.address in done.output
    assert not (tmp_path / "home" / "fetched" / "wikidata.trig").exists()
    assert run("fetch", "wikidata", "--endpoint", there.address).exit_code == 0
    assert len(there.asked) == 2, "nothing of it was kept"


def test_a_service_that_stays_down_is_left_alone(
    run: Callable[..., Result], serve: Callable[..., Recorded], waits: list[float]
) -> None:
    there = serve("wikidata.json", *["500"] * 10)
    done = run("fetch", "wikidata", "--endpoint", there.address)
    assert done.exit_code == 3 and "run the command again later" in done.output
    assert len(there.asked) == TRIES
    longer = [w for w in waits if w >= 2]
    assert longer == sorted(longer), "each wait is longer"


def test_a_long_rest_is_told_and_not_waited_for(
    run: Callable[..., Result], serve: Callable[..., Recorded], waits: list[float]
) -> None:
    there = serve("wikidata.json", "rest")
    done = run("fetch", "wikidata", "--endpoint", there.address)
    assert done.exit_code == 3 and "3600 seconds" in done.output
    assert len(there.asked) == 1 and 3600 not in waits


def test_a_date_to_come_back_at_is_understood() -> None:
    from ess_graph.link.polite import _asked

    soon = datetime.now(UTC) + timedelta(seconds=50)
    assert 45 < _asked(RemoteFailed("", 429, format_datetime(soon, usegmt=True))) <= 50
    assert _asked(RemoteFailed("", 429, format_datetime(soon - timedelta(days=1), usegmt=True))) == 0
    assert _asked(RemoteFailed("", 429, "soon")) == 60


def test_requests_are_named_and_apart(serve: Callable[..., Recorded], waits: list[float], tmp_path: Path) -> None:
    there = serve("wikidata.json")
    wikidata = replace(service("wikidata"), batch=1, endpoint=there.address)
    asked = [outward.Wanted(f"id/x/{n}", f"siren:{n}", outward.Subject(f"siren:{n}")) for n in range(3)]
    kept = Kept(tmp_path / "kept.jsonl", {})
    clock = iter(range(100))
    polite = Polite(there.address, 2.0, sleep=waits.append, clock=lambda: next(clock) / 100)
    outward.fetch(wikidata, asked, kept, polite, lambda *_: None)
    assert [headers["User-Agent"] for headers in there.headers] == [AGENT] * 3
    assert len([w for w in waits if 1.5 < w <= 2]) == 2, "two pauses between three requests"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://query.example.org/sparql",
        "http://127.0.0.1.example.org/",
        "ftp://127.0.0.1/",
        "https://",
        "https://[",
        "x",
    ],
)
def test_an_address_without_tls_is_refused(run: Callable[..., Result], endpoint: str) -> None:
    done = run("fetch", "wikidata", "--endpoint", endpoint)
    assert done.exit_code == 3 and f"« {endpoint} » is no https address" in done.output


# Going on where it stopped ----------------------------------------------------------------------------------------


def test_what_was_answered_is_not_asked_again(run: Callable[..., Result], serve: Callable[..., Recorded]) -> None:
    there = serve("wikidata.json")
    assert run("fetch", "wikidata", "--endpoint", there.address).exit_code == 0
    assert "1 of 2 things" in run("fetch", "wikidata", "--endpoint", there.address).output
    assert len(there.asked) == 1
    assert run("fetch", "wikidata", "--endpoint", there.address, "--afresh").exit_code == 0
    assert len(there.asked) == 2
    other = serve("wikidata.json")
    assert run("fetch", "wikidata", "--endpoint", other.address).exit_code == 0
    assert len(other.asked) == 1, "another address has said nothing yet"


def test_a_fetch_that_was_killed_goes_on(serve: Callable[..., Recorded], tmp_path: Path) -> None:
    """Three requests; the process is killed while it waits for the second, and half a line is left behind."""
    there = serve("wikidata.json", "", "hang")
    script = """
import sys
from dataclasses import replace
from pathlib import Path
from ess_graph.link import outward
from ess_graph.link.kept import Kept
from ess_graph.link.polite import Polite
from ess_graph.link.services import service
address, path = sys.argv[1:]
asked = [outward.Wanted(f"id/x/{n}", f"siren:{n}", outward.Subject(f"siren:{n}")) for n in range(3)]
wikidata = replace(service("wikidata"), batch=1, endpoint=address)
outward.fetch(wikidata, asked, Kept(Path(path), {}), Polite(address, 0), lambda *_: None)
"""
    path = tmp_path / "kept.jsonl"
    command = [sys.executable, "-c", script, there.address, str(path)]
    with subprocess.Popen(command, env=os.environ) as process:
        while len(there.asked) < 2:
            there.reached.clear()
            assert there.reached.wait(30) and process.poll() is None
        process.send_signal(signal.SIGKILL)
    with path.open("a", encoding="utf-8") as handle:
        handle.write('{"key": "siren:1", "when": "2026-')
    subprocess.run(command, check=True, env=os.environ)
    asked = [body.count(b'"0")') * "0" + body.count(b'"1")') * "1" + body.count(b'"2")') * "2" for body in there.asked]
    assert asked == ["0", "1", "1", "2"]
    kept = Kept(path, {})
    assert all(f"siren:{n}" in kept for n in range(3))


def test_an_answer_of_another_question_is_not_used(tmp_path: Path) -> None:
    from ess_graph.link.kept import Answered

    path = tmp_path / "kept.jsonl"
    Kept(path, {"query": "a"}).add([Answered("siren:1", "2026-11-22", ())])
    assert "siren:1" in Kept(path, {"query": "a"})
    assert "siren:1" not in Kept(path, {"query": "b"})
