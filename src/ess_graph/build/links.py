"""Accepted identities become ``graph/liens``; what others say of a thing stands in the graph on a judgement only.

Where a person refused an identity since an extract was written, what it says on its strength is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rdflib import Dataset, URIRef
from rdflib.namespace import DCTERMS, RDFS
from rdflib.term import Node

from ess_graph.errors import InvalidData
from ess_graph.judgements import FILE, IDENTITY, SAME, Judgements
from ess_graph.vocab import BASE, ESS, IGEO, LIENS, OPENDATA, SCHEMA


def accepted(root: Path, data: Dataset) -> list[tuple[URIRef, URIRef, URIRef, URIRef]]:
    """Statements of ``graph/liens``: each thing of ours that is the same as one elsewhere.

    Args:
        root: the project, for its judgements.
        data: the named graphs of its files, whose official codes are checked; what rests on a refused identity is
            taken out of them.

    Raises:
        InvalidData: a malformed judgement, one about an unknown thing, or a code that no judgement accepts.
    """
    store = Judgements(root / FILE)
    known = {str(subject).removeprefix(BASE) for subject, *_ in data.quads((None, None, None, None))}
    same = [judgement for judgement in store if judgement.matter == IDENTITY and judgement.judgement == SAME]
    for judgement in same:
        if judgement.ours not in known:
            raise InvalidData(
                f"{FILE}: {judgement.ours} is judged the same as {judgement.theirs}, but nothing describes it."
                " Mend its name, or take the row away."
            )
    refused = [j for j in store if j.matter == IDENTITY and j.judgement != SAME and not j.by_program]
    _leave_out(data, {(judgement.ours, _code(judgement.theirs)) for judgement in refused})
    _check_codes(data, {(judgement.ours, _code(judgement.theirs)) for judgement in same})
    _check_records(data, {(judgement.ours, judgement.theirs) for judgement in same})
    return sorted(
        (URIRef(BASE + judgement.ours), SCHEMA.sameAs, URIRef(judgement.theirs), LIENS)
        for judgement in same
        if judgement.theirs.startswith(("https://", "http://"))
    )


def _leave_out(data: Dataset, refused: set[tuple[str, tuple[str, str]]]) -> None:
    """A person's word is enough to know what to do: a refusal must not stop every build until somebody links again."""
    wrong = {subject for subject, _, pair, _ in _codes(data) if pair in refused}
    for subject in wrong:
        for *statement, graph in list(data.quads((subject, None, None, None))):
            if str(graph).startswith(OPENDATA):
                data.graph(graph).remove(tuple(statement))  # type: ignore[arg-type]


def _codes(data: Dataset) -> Iterator[tuple[Node, str, tuple[str, tuple[str, str]], Node | None]]:
    """Each official code of an extract: the thing, the code, both as a judgement names them, and the graph."""
    for scheme, predicate in (("siren", ESS.siren), ("insee", IGEO.codeINSEE)):
        for subject, _, code, graph in data.quads((None, predicate, None, None)):
            if str(graph).startswith(OPENDATA):
                yield subject, str(code), (str(subject).removeprefix(BASE), (scheme, str(code))), graph


def _check_codes(data: Dataset, judged: set[tuple[str, tuple[str, str]]]) -> None:
    """What an official extract says of a thing stands on somebody's word that it is that thing."""
    for _, code, (ours, (scheme, _)), graph in _codes(data):
        if (ours, (scheme, code)) not in judged:
            raise InvalidData(
                f"{_name(graph)}: {ours} has the {scheme} code {code}, which {FILE} does not accept."
                " Run « ess-graph link » to write the extract again, or judge the pair with --review."
            )


def _check_records(data: Dataset, judged: set[tuple[str, str]]) -> None:
    """What a service says of a thing hangs on it by the key that the thing was accepted with."""
    for subject, _, record, graph in data.quads((None, RDFS.seeAlso, None, None)):
        if not str(graph).startswith(OPENDATA):
            continue
        ours = str(subject).removeprefix(BASE)
        keys = {str(key) for key in data.graph(graph).objects(record, DCTERMS.identifier)}
        if not any((ours, key) in judged for key in keys):
            service = str(graph).removeprefix(OPENDATA)
            raise InvalidData(
                f"{_name(graph)}: {ours} is described as {', '.join(sorted(keys)) or record}, which {FILE} does not"
                f" accept. Run « ess-graph opendata fetch {service} » and accept it again, or take the file away."
            )


def _code(theirs: str) -> tuple[str, str]:
    """Scheme and code of a key of a register: ``insee:commune:67482`` gives ``("insee", "67482")``."""
    return theirs.partition(":")[0], theirs.rpartition(":")[2]


def _name(graph: Node | None) -> str:
    return str(graph).removeprefix(BASE)
