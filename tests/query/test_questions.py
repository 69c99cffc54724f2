"""The questions: described in two languages, answered alike by two engines, right about the documents."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

from ess_graph.engine import text
from ess_graph.engine.base import Engine, Solutions
from ess_graph.errors import BadValue
from ess_graph.folding import fold
from ess_graph.query import asking, questions
from ess_graph.query.answers import SOURCE, Writer
from ess_graph.query.exports.cells import STANDARD
from ess_graph.query.index import Index
from ess_graph.query.questions import Column, Parameter, Question
from ess_graph.releases import Release
from ess_graph.vocab import BASE, PREFIXES, QUESTIONS, SH
from removal import Evidence, in_memory

#: Those that this release answers alone; the others are in test_federated.py.
ALL = tuple(q for q in questions.all() if not q.requires)
every_question = pytest.mark.parametrize("question", ALL, ids=lambda q: q.name)
#: Choices tried of each parameter.
TRIED = 4


@pytest.fixture(scope="module")
def index(release: Release) -> Index:
    return Index(release.index)


def named(name: str) -> Question:
    found = questions.named(name)
    assert found
    return found


def bag(found: Solutions) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(row[name].n3() if name in row else None for name in found.names) for row in found)


def projected(question: Question) -> list[str]:
    head = question.select.partition("WHERE")[0]
    return re.findall(r"\?(\w+)", head)


def things(question: Question) -> list[Parameter]:
    return [p for p in question.parameters if p.datatype is None]


# What the files say ----------------------------------------------------------------------------------------------


def test_there_are_thirty_at_least_and_ten_come_first() -> None:
    assert len(ALL) >= 30
    assert [q.order for q in questions.featured()] == list(range(1, 11))
    assert len({q.order for q in questions.all()}) == len(questions.all())


def test_a_question_is_called_as_its_file() -> None:
    files = {path.stem for path in questions.folder().glob("*.ttl")} - {"_commun"}
    assert {q.name for q in questions.all()} == files


told_question = pytest.mark.parametrize("question", questions.all(), ids=lambda q: q.name)


@told_question
def test_a_question_is_told_in_both_languages(question: Question) -> None:
    told = [question.titles, question.descriptions, question.theme.titles]
    told += [words for p in question.parameters for words in (p.titles, p.descriptions)]
    if question.templates:
        told.append(question.templates)
        for template in question.templates.values():
            slots = set(re.findall(r"\{\$(\w+)\}", template))
            assert slots == {p.name for p in question.parameters}, "its title with values names each of them"
    assert all(set(words) == {"fr", "en"} and all(words.values()) for words in told)
    assert question.titles["fr"].endswith(" ?")
    assert question.titles["en"].endswith("?")


@told_question
def test_each_column_has_a_heading_of_its_own(question: Question) -> None:
    unknown = [name for name in projected(question) if questions.column(name) == Column({"fr": name, "en": name})]
    assert not unknown


@told_question
def test_each_parameter_is_a_variable_of_the_answer(question: Question) -> None:
    # An engine fixes what is projected, and a tool that reads SHACL pre-binds it.
    assert {p.name for p in question.parameters} <= set(projected(question))
    for parameter in question.parameters:
        if parameter.default is not None and parameter.datatype is not None:
            assert isinstance(parameter.default, Literal)
            assert parameter.default.datatype == parameter.datatype


def test_prefixes_are_those_of_the_project() -> None:
    assert all(PREFIXES[prefix] == iri for prefix, iri in ALL[0].prefixes.items())
    assert all(text.read(q.query).form == "SELECT" for q in ALL)


@told_question
def test_shacl_tools_find_the_executable(question: Question) -> None:
    """The file alone, and what the questions share, read as any RDF tool would read them."""
    graph = Graph()
    for name in ("_commun", question.name):
        graph.parse(questions.folder() / f"{name}.ttl", format="turtle")
    node = QUESTIONS[question.name]
    assert (node, RDF.type, SH.SPARQLSelectExecutable) in graph
    declared = {
        str(graph.value(d, SH.prefix)) for p in graph.objects(node, SH.prefixes) for d in graph.objects(p, SH.declare)
    }
    select = str(graph.value(node, SH.select))
    assert set(re.findall(r"(?<![\w/<#])([a-z]+):\w", select)) <= declared
    for parameter in graph.objects(node, SH.parameter):
        path = graph.value(parameter, SH.path)
        assert path and re.split(r"[#/]", path)[-1] in projected(question)
        kinds = [(parameter, kind, None) in graph for kind in (SH.datatype, SH.nodeKind)]
        assert kinds.count(True) == 1


# Answers ---------------------------------------------------------------------------------------------------------


@every_question
def test_the_defaults_have_an_answer(question: Question, engine: Engine) -> None:
    assert asking.ask(question, asking.given(question, {}), engine).rows


@every_question
def test_values_bound_and_values_written_down_answer_alike(question: Question, engine: Engine, index: Index) -> None:
    """What people see under « voir la requête » says what they were told."""
    offered = asking.choices(question, "fr", engine, index)
    tried: list[dict[str, Node]] = [question.defaults]
    tried += [{p.name: p.default for p in question.parameters if not p.optional and p.default is not None}]
    for name, choices in offered.items():
        tried += [{**question.defaults, name: URIRef(choice.iri)} for choice in choices[:TRIED]]
    for values in tried:
        assert bag(engine.rows(question.select, values)) == bag(engine.rows(question.text(values)))


@pytest.mark.parametrize("question", [q for q in ALL if any(p.optional for p in things(q))], ids=lambda q: q.name)
def test_a_choice_is_the_part_of_the_answer_that_has_it(question: Question, engine: Engine, index: Index) -> None:
    """A parameter narrows the answer and does nothing else: what leaves it open may not slip through."""
    free = [p for p in things(question) if p.optional]
    needed = {p.name: p.default for p in question.parameters if not p.optional and p.default is not None}
    everything = engine.rows(question.select, needed)
    offered = asking.choices(question, "fr", engine, index)
    for parameter in free:
        assert all(parameter.name in row for row in everything), "no row leaves the parameter open"
        for choice in offered[parameter.name][:TRIED]:
            term = URIRef(choice.iri)
            part = Solutions(everything.names, [row for row in everything if row[parameter.name] == term])
            assert part.rows, "a choice has an answer"
            assert bag(engine.rows(question.select, {**needed, parameter.name: term})) == bag(part)


@pytest.mark.slow
@every_question
def test_two_engines_agree(question: Question, engine: Engine, twin: Engine) -> None:
    asked = question.query
    assert bag(engine.rows(asked)) == bag(twin.rows(asked))


@pytest.mark.parametrize(("start", "end"), [("2012", "2012"), ("2011", "2013"), ("2014", ""), ("", "2010"), ("", "")])
def test_years_are_ends_that_belong_to_the_answer(engine: Engine, start: str, end: str) -> None:
    question = named("que-s-est-il-passe")
    answer = asking.ask(question, asking.given(question, {"de": start, "a": end}), engine)
    begun = [str(answer.cells(row, "debut")[0])[:4] for row in answer.rows]
    whole = asking.ask(question, asking.given(question, {"de": "", "a": ""}), engine)
    assert begun
    assert all((start or "0000") <= year <= (end or "9999") for year in begun)
    assert len(begun) <= len(whole.rows)


@pytest.mark.parametrize("name", ["evenements-prevus", "agenda"])
def test_an_event_with_two_possible_dates_is_one_row(engine: Engine, name: str) -> None:
    answer = asking.ask(named(name), {}, engine)
    event = URIRef("https://w3id.org/ess-graph/id/evenement/2022-prochaine-conference-territoriale-epinal")
    [row] = [row for row in answer.rows if answer.cells(row, "evenement") == (event,)]
    assert [str(date) for date in answer.cells(row, "debut")] == ["2022-05", "2022-06"]


def test_what_lasts_is_found_in_each_of_its_years(engine: Engine) -> None:
    question = named("agenda")
    for row in asking.ask(question, asking.given(question, {"de": "", "a": ""}), engine).rows:
        shown = asking.Answer(tuple(projected(question)), (row,))
        if end := shown.cells(row, "fin"):
            year = str(end[0])[:4]
            found = asking.ask(question, asking.given(question, {"de": year, "a": year}), engine)
            events = {found.cells(r, "evenement")[0] for r in found.rows}
            assert shown.cells(row, "evenement")[0] in events


def test_a_record_without_a_date_is_neither_before_nor_after(engine: Engine) -> None:
    question = named("fiches-et-dates")

    def dates(**raw: str) -> list[tuple[Node, ...]]:
        answer = asking.ask(question, asking.given(question, raw), engine)
        return [answer.cells(row, "date") for row in answer.rows]

    assert () in dates()
    assert () not in dates(de="2000")
    assert () not in dates(a="2030")
    assert len(dates(de="2000", a="2030")) == len([d for d in dates() if d])


# Against the documents -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines(shared: Path) -> dict[str, list[str]]:
    folder = shared / "sources"
    return {path.name: path.read_text(encoding="utf-8").split("\n") for path in folder.glob("*.txt")}


def passages(
    answer: asking.Answer, row: tuple[tuple[Node, ...], ...], index: Index, lines: dict[str, list[str]]
) -> str:
    """The text of everything that a row cites."""
    found = index.passages(str(term) for term in answer.cells(row, SOURCE))
    return "\n".join("\n".join(lines[p.file][p.first - 1 : p.last]) for p in found.values())


def euros(amount: int) -> set[str]:
    """How a document may write an amount, without spaces."""
    millions = f"{amount / 1_000_000:g}".replace(".", ",")
    return {str(amount), f"{millions}M€", f"{millions}million"}


@pytest.mark.parametrize(
    "name",
    [
        "budget-ess",
        "budgets-a-partir-de",
        "comparer-deux-budgets",
        "montants-accordes",
        "que-soutient-une-collectivite",
    ],
)
def test_each_amount_stands_in_the_lines_that_its_row_cites(
    name: str, engine: Engine, index: Index, lines: dict[str, list[str]]
) -> None:
    question = named(name)
    raw = {p.name: "" for p in question.parameters if p.optional}
    answer = asking.ask(question, asking.given(question, raw), engine)
    checked = 0
    for row in answer.rows:
        for value in answer.cells(row, "valeur"):
            said = re.sub(r"[\s.\u202f\u00a0]", "", passages(answer, row, index, lines))
            assert any(written in said for written in euros(int(str(value)))), (value, said[:200])
            checked += 1
    assert checked >= 7


@pytest.mark.parametrize("name", ["qui-represente-qui-appeler", "delegation-ess", "fonctions-d-une-personne"])
def test_each_title_stands_in_the_lines_that_its_row_cites(
    name: str, engine: Engine, index: Index, lines: dict[str, list[str]]
) -> None:
    question = named(name)
    raw = {p.name: "" for p in question.parameters}
    answer = asking.ask(question, asking.given(question, raw), engine)
    checked = missing = 0
    for row in answer.rows:
        said = set(fold(passages(answer, row, index, lines)).split())
        for title in answer.cells(row, "titre"):
            words = set(fold(str(title)).split())
            checked += 1
            missing += len(words - said) > 1  # one obvious typo of a title is mended in the data
    assert checked >= 4
    assert missing <= checked // 10


def test_who_joined_when_is_what_the_records_say(engine: Engine, index: Index, lines: dict[str, list[str]]) -> None:
    """Every « Année d'adhésion au RTES » of the directory is in the answer, with its year, and nothing else is."""
    question = named("adherents-du-rtes")
    answer = asking.ask(question, asking.given(question, {}), engine)
    for row in answer.rows:
        assert str(answer.cells(row, "annee")[0]) in passages(answer, row, index, lines)
    stated = [
        re.findall(r"Année d'adhésion au RTES: (\d{4})", "\n".join(text).replace("’", "'"))
        for name, text in lines.items()
        if name.startswith(("000", "002"))
    ]
    assert sorted(year for years in stated for year in years) == sorted(
        str(answer.cells(row, "annee")[0]) for row in answer.rows
    )


def test_every_key_date_of_the_brochure_happened_in_strasbourg(
    engine: Engine, index: Index, lines: dict[str, list[str]]
) -> None:
    question = named("que-s-est-il-passe")
    answer = asking.ask(question, asking.given(question, {}), engine)
    cited = set()
    for row in answer.rows:
        for passage in index.passages(str(term) for term in answer.cells(row, SOURCE)).values():
            if passage.file.startswith("004"):
                cited |= set(range(passage.first, passage.last + 1))
    brochure = next(text for name, text in lines.items() if name.startswith("004"))
    dated = {at for at, line in enumerate(brochure, 1) if re.match(r"- (Le )?\d{1,2} \w+ 201\d", line)}
    assert dated
    assert dated <= cited


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("budget-ess", ("region-grand-est-2022", 25, 25)),
        ("qui-finance", ("annuaire-grand-est", 172, 175)),
        ("qui-represente-qui-appeler", ("annuaire-grand-est", 204, 208)),
    ],
)
def test_taking_the_facts_away_changes_the_answer(
    name: str, cut: tuple[str, int, int], evidence: Evidence, engine: Engine
) -> None:
    question = named(name)
    full = len(engine.rows(question.query))
    files = {document.removeprefix(f"{BASE}source/"): f for document, f in evidence.names.items()}
    document, first, last = cut
    left = in_memory(evidence.without([(files[document].removesuffix(".txt"), first, last)]))
    assert len(list(left.query(question.query, prefixes=PREFIXES, base_iri=BASE))) < full


# Values that people write ------------------------------------------------------------------------------------------


def test_a_thing_by_path_iri_slug_or_name(engine: Engine, index: Index) -> None:
    question = named("budget-ess")
    offered = asking.choices(question, "fr", engine, index)
    wanted = {"collectivite": URIRef(f"{BASE}id/collectivite/region-grand-est")}
    for written in (
        "id/collectivite/region-grand-est",
        str(wanted["collectivite"]),
        "region-grand-est",
        "région GRAND est",
    ):
        assert asking.given(question, {"collectivite": written}, offered) == wanted
    assert asking.given(question, {"collectivite": " "}, offered) == {}
    assert asking.given(question, {}, offered) == wanted


HOSTILE = (
    "> } DROP ALL #",
    'x" } UNION { ?s ?p ?o } #',
    "id/a> . ?s ?p ?o . <b",
    "javascript:alert(1)",
    "http://example.org/a b",
    "\u202eevil/\u0000",
    "x" * 5000,
    "id/" + "x" * 5000,
    "-",
    "20,10",
    "²⁰¹⁰",
    "1e3",
    "9" * 30,
)


@pytest.mark.parametrize("written", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["que-s-est-il-passe", "budgets-a-partir-de", "conventions"])
def test_a_hostile_value_is_refused_or_finds_nothing_of_its_own(
    name: str, written: str, engine: Engine, index: Index
) -> None:
    question = named(name)
    offered = asking.choices(question, "fr", engine, index)
    for parameter in question.parameters:
        try:
            values = asking.given(question, {parameter.name: written}, offered)
        except BadValue as error:
            assert error.parameter == parameter.name
            continue
        assert not asking.ask(question, values, engine).rows
        assert bag(engine.rows(question.text(values))) == bag(engine.rows(question.select, values))


def test_an_unknown_parameter_and_a_missing_one_are_named() -> None:
    with pytest.raises(BadValue, match="it takes collectivite"):
        asking.given(named("budget-ess"), {"collectivité": "x"})
    with pytest.raises(BadValue, match="needs a value"):
        asking.given(named("comparer-deux-budgets"), {"premiere": ""})


@pytest.mark.parametrize("written", ['"a"', "a\\", "a\nb", "'''", '"""', "\t"])
def test_a_text_keeps_its_signs_in_the_query_that_people_see(written: str, engine: Engine) -> None:
    shown = text.with_values("SELECT ?x WHERE { FILTER(BOUND(?x)) }", {"x": Literal(written)})
    assert [row["x"] for row in engine.rows(shown)] == [Literal(written)]


# What programs and spreadsheets get ---------------------------------------------------------------------------------


def writer(name: str, engine: Engine, index: Index, **raw: str) -> Writer:
    question = named(name)
    answer = asking.ask(question, asking.given(question, raw), engine)
    return Writer.over(question, answer, "fr", index, lambda iri: iri, lambda _: None)


def test_gathered_values_lose_nothing(engine: Engine) -> None:
    for question in ALL:
        found = engine.rows(question.select, question.defaults)
        answer = asking.ask(question, question.defaults, engine)
        for name in found.names:
            if questions.column(name).gathered:
                said = {row[name] for row in found if name in row}
                assert said == {term for row in answer.rows for term in answer.cells(row, name)}


def test_records_have_one_line_for_each_row_and_iris_beside_names(engine: Engine, index: Index) -> None:
    made = writer("conventions", engine, index)
    header, *rows = list(made.records(STANDARD))
    assert len(rows) == len(made.answer.rows)
    assert all(len(row) == len(header) for row in rows)
    assert "parties_iri" in header
    parties = [row[header.index("parties_iri")].split() for row in rows]
    assert all(iri.startswith(BASE) for found in parties for iri in found)
    assert next(iter(made.records(STANDARD, titles=True)))[1] == "Convention"


def test_numbers_stay_numbers(engine: Engine, index: Index) -> None:
    values = [row["valeur"] for row in writer("comparer-un-indicateur", engine, index).json()["rows"]]  # type: ignore[attr-defined]
    assert all(isinstance(value, int | float) for value in values)
    assert values == sorted(values, reverse=True)


def test_a_year_is_a_year(engine: Engine, index: Index) -> None:
    [year] = {p.datatype for q in ALL for p in q.parameters if p.name in ("de", "a")}
    assert year == XSD.gYear
    title = writer("que-s-est-il-passe", engine, index, de="2012", a="2013").title
    assert "2012" in title
    assert "2013" in title
