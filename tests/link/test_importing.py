"""Official files: each real format is read, what is cut or changed is refused whole, and nothing personal is kept."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from ess_graph.errors import InvalidData, NotFound
from ess_graph.link.importing import import_file, known
from ess_graph.link.registry import FILE, Fact, Registry
from ess_graph.link.units import is_siren, is_siret

CASES = Path(__file__).parents[1] / "cases" / "opendata"
FILES = {
    "cog-communes": "v_commune_2024.csv",
    "cog-departements": "v_departement_2024.csv",
    "cog-regions": "v_region_2024.csv",
    "cog-mouvements": "v_mvt_commune_2024.csv",
    "populations": "donnees_communes_2021.csv",
    "epcicom": "epcicom2021.csv",
    "ept": "ept_au_01-01-2024.xlsx",
    "banatic": "banatic-44-2024.csv",
    "comptes-consolides": "comptes-consolides-regions-2022.csv",
    "rne": "elus-conseillers-communautaires-epci-2024.csv",
    "sirene-ess": "StockUniteLegale_2024.csv",
    "ess-france": "liste-des-entreprises-de-less-2024.csv",
    "rna": "rna_waldec_20240101_dpt_67.csv",
    "annuaire-administration": "annuaire-administration-2024.json",
    "aides-territoires": "aides-territoires-2024.json",
}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


@pytest.fixture
def full(registry: Registry) -> Registry:
    for source, name in FILES.items():
        import_file(registry, source, CASES / name, extract=True)
    return registry


def said(registry: Registry, unit: str, name: str) -> list[str]:
    return [value for known_as, value, _, _ in registry.facts(unit) if known_as == name]


def everything(registry: Registry) -> str:
    with sqlite3.connect(registry.path) as connection:
        return "\n".join(connection.iterdump())


def test_every_format_has_a_case() -> None:
    assert set(FILES) | {"decoupage-administratif"} == set(known())


def test_units_are_put_together_from_several_files(full: Registry) -> None:
    units = {unit.key: unit for unit in full.units()}
    strasbourg = units["commune:67482"]
    assert (strasbourg.name, strasbourg.insee, strasbourg.siren) == ("Strasbourg", "67482", "216704825")
    assert (strasbourg.departements, strasbourg.population) == (("67",), 291313)
    body = units["epci:246700488"]
    assert (body.name, body.nature, body.departements) == ("Eurométropole de Strasbourg", "METRO", ("67",))
    assert units["epci:200057867"].nature == "EPT"
    assert units["region:44"].siren == "200052264"
    assert [(n.text, n.kind, n.until) for n in units["commune:51108"].names] == [
        ("Châlons-en-Champagne", "official", ""), ("Châlons-sur-Marne", "former", "1998-01-04"),
    ]  # fmt: skip
    # What merged is a part of another today, not its former name.
    assert ("Briey", "delegated") in [(n.text, n.kind) for n in units["commune:54099"].names]
    # Overseas, département and commune share a digit.
    assert units["commune:97411"].population == 153001
    assert [(n.text, n.kind) for n in units["epci:248100737"].names][:2] == [
        ("CA de l'Albigeois", "official"), ("C2A", "acronym"),
    ]  # fmt: skip


def test_separators_encodings_and_workbooks_are_sniffed(registry: Registry) -> None:
    import_file(registry, "epcicom", CASES / "epcicom2021.csv", extract=True)
    import_file(registry, "epcicom", CASES / "epcicom2024.xlsx", extract=True)
    assert set(said(registry, "epci:246700488", "name")) == {"Eurométropole de Strasbourg"}
    # A workbook's numbers are codes like any other.
    assert said(registry, "commune:67482", "siren") == ["216704825", "216704825"]


def test_provenance_is_recorded(full: Registry) -> None:
    source = next(s for s in full.sources() if s.dataset == "cog-communes")
    assert (source.vintage, source.publisher, source.file) == ("2024", "Insee", "v_commune_2024.csv")
    assert source.licence.endswith("licence-ouverte-open-licence") and len(source.sha256) == 64


def test_only_enterprises_of_the_ess_are_kept_and_no_natural_person(full: Registry) -> None:
    assert said(full, "organisme:000000018", "name") == ["COOPERATIVE D'EXEMPLE"]
    assert said(full, "organisme:000000018", "ess") == ["oui"]
    assert not said(full, "organisme:000000026", "name")
    assert not said(full, "organisme:000000034", "name")
    assert said(full, "organisme:W000000001", "acronym") == ["ASSO EX"]


def test_of_people_only_name_mandate_function_place_and_date_are_kept(full: Registry) -> None:
    import_file(full, "rne", CASES / "elus-conseillers-municipaux-cm-2024.csv", extract=True)
    mandates = {(m.mandate, m.place, m.since) for m in full.mandates("Camille EXEMPLE")}
    assert mandates == {
        ("conseillers communautaires epci 2024", "epci:246700488", "2020-07-15"),
        ("conseillers municipaux 2024", "commune:67482", "2020-05-18"),
    }
    text = everything(full)
    assert "1900" not in text and "Inventée" not in text
    # Nor a mailbox, nor the head of a service.
    assert "quelqu-un@" not in text and "affectation" not in text
    assert said(full, "commune:67482", "telephone") == ["00 00 00 00 00"]


BROKEN = {
    "cut in the middle of a line": lambda text: text[: text.rindex("Mance") + 2],
    "a column renamed": lambda text: text.replace('"COM"', '"INSEE"', 1),
    "a row with a cell too many": lambda text: text.replace('"Strasbourg","6799",""', '"Strasbourg","6799","",""'),
    "an open quote": lambda text: text.rstrip("\n")[:-1],
    "another file": lambda _: "a;b\n1;2\n",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_cut_or_changed_file_is_refused_whole(how: str, registry: Registry, tmp_path: Path) -> None:
    import_file(registry, "cog-communes", CASES / "v_commune_2024.csv", extract=True)
    before = everything(registry)
    path = tmp_path / "v_commune_2025.csv"
    path.write_text(BROKEN[how]((CASES / "v_commune_2024.csv").read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InvalidData, match=r"v_commune_2025\.csv"):
        import_file(registry, "cog-communes", path, extract=True)
    assert everything(registry) == before


def test_a_file_cut_between_two_lines_is_told_by_its_size(registry: Registry) -> None:
    with pytest.raises(InvalidData, match=r"\d units"):
        import_file(registry, "cog-communes", CASES / "v_commune_2024.csv")
    assert not registry.sources()


def test_a_file_that_shrank_is_another_one_or_cut(registry: Registry) -> None:
    from ess_graph.link.registry import Source

    def source(year: str) -> Source:
        return Source("x", year, "", "", "", "", "", f"x{year}")

    registry.write(source("2024"), [Fact(f"commune:{n:05}", "name", "x") for n in range(100)], least=10)
    with pytest.raises(InvalidData, match="the one before it 100"):
        registry.write(source("2025"), [Fact(f"commune:{n:05}", "name", "x") for n in range(50)], least=10)
    assert [s.vintage for s in registry.sources()] == ["2024"]


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("epcicom2021.csv", "246700488", "246700489", "no SIREN"),
        ("epcicom2021.csv", ";67482;", ";6748;", "no INSEE code"),
        ("donnees_communes_2021.csv", "291313", "beaucoup", "no number of inhabitants"),
    ],
)
def test_wrong_codes_refuse_the_file(
    name: str, old: str, new: str, why: str, registry: Registry, tmp_path: Path
) -> None:
    source = next(key for key, file in FILES.items() if file == name)
    path = tmp_path / name
    path.write_bytes((CASES / name).read_bytes().replace(old.encode(), new.encode()))
    with pytest.raises(InvalidData, match=why):
        import_file(registry, source, path, extract=True)
    assert not registry.sources()


def test_postcodes_are_not_taken_for_insee_codes(registry: Registry, tmp_path: Path) -> None:
    from ess_graph.link.registry import Source

    everywhere = [Fact(f"commune:{n:05}", "name", "x") for n in range(1001, 3001)]
    registry.write(Source("cog-communes", "2023", "", "", "", "", "", "x"), everywhere)
    head, row = (CASES / "epcicom2021.csv").read_text(encoding="cp1252").splitlines()[:2]
    rows = [row.replace(";67482;", f";{67000 + 10 * n};") for n in range(40)]
    path = tmp_path / "epcicom2024.csv"
    path.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    with pytest.raises(InvalidData, match="postcodes"):
        import_file(registry, "epcicom", path, extract=True)


def test_a_hash_that_was_published_is_checked(registry: Registry) -> None:
    with pytest.raises(InvalidData, match="SHA-256"):
        import_file(registry, "cog-regions", CASES / "v_region_2024.csv", sha256="0" * 64, extract=True)


def test_a_cut_document_is_refused(registry: Registry, tmp_path: Path) -> None:
    for source in ("annuaire-administration", "aides-territoires"):
        text = (CASES / FILES[source]).read_text(encoding="utf-8")
        path = tmp_path / FILES[source]
        path.write_text(text[: len(text) * 2 // 3], encoding="utf-8")
        with pytest.raises(InvalidData, match="cut or malformed"):
            import_file(registry, source, path, extract=True)
    workbook = tmp_path / FILES["ept"]
    workbook.write_bytes((CASES / FILES["ept"]).read_bytes()[:3000])
    with pytest.raises(InvalidData, match="workbook"):
        import_file(registry, "ept", workbook, extract=True)
    package = tmp_path / "package-6.0.0.tgz"
    package.write_bytes(b"\x1f\x8b\x08 cut")
    with pytest.raises(InvalidData):
        import_file(registry, "decoupage-administratif", package, vintage="2026", extract=True)
    assert not registry.sources()


def test_a_file_says_its_year_or_is_asked_for_it(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "communes.csv"
    shutil.copy(CASES / "v_commune_2024.csv", path)
    with pytest.raises(InvalidData, match="--vintage"):
        import_file(registry, "cog-communes", path, extract=True)
    with pytest.raises(NotFound, match="cog-communes"):
        import_file(registry, "communes", path)


def test_a_body_that_the_newer_file_does_not_list_has_ended(registry: Registry, tmp_path: Path) -> None:
    import_file(registry, "epcicom", CASES / "epcicom2021.csv", extract=True)
    import_file(registry, "epcicom", CASES / "epcicom2024.xlsx", extract=True)
    ended = {unit.key: unit.until for unit in registry.units()}
    assert ended["epci:248100737"] == "2021-12-31"
    assert ended["epci:246700488"] == ""


def test_check_digits() -> None:
    assert (
        is_siren("246700488") and not is_siren("246700489") and not is_siren("24670048") and not is_siren("２46700488")
    )
    # La Poste's establishments have a rule of their own.
    assert is_siret("35600000000048") and not is_siret("24670048800000")
    assert FILE.endswith(".sqlite")
