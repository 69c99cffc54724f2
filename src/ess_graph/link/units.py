"""What an official register holds, as the matcher sees it: units with their codes, names, place, people and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_LUHN_WEIGHTS = (1, 2)


@dataclass(frozen=True)
class Name:
    """One name of a unit.

    Attributes:
        kind: ``official``, ``usual`` (or an acronym), ``former`` (of the same body), ``delegated`` (of a part that was
            a commune of its own).
        until: last day on which the name held, ISO and perhaps partial; empty while it holds.
    """

    text: str
    kind: str = "official"
    until: str = ""


@dataclass(frozen=True)
class Unit:
    """One body or territory of the registry.

    Attributes:
        key: ``{family}:{code}``, e.g. ``commune:67482``, ``epci:246700488``.
        family: ``region``, ``departement``, ``epci``, ``commune``, or ``organisme``.
        nature: of an intermunicipal body (``CC``, ``CA``, ``CU``, ``METRO``, ``EPT``); of an organisation its form.
        departements, regions: codes; an intermunicipal body may lie in several, that of most of its people first.
        population: inhabitants, None where no source tells.
        seat: code of the member commune with most inhabitants, of an intermunicipal body.
        until: last day of a body that ended, else empty; ``successor``: name of what followed, where known.
    """

    key: str
    family: str
    names: tuple[Name, ...]
    nature: str = ""
    insee: str = ""
    siren: str = ""
    departements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    population: int | None = None
    seat: str = ""
    postcodes: tuple[str, ...] = ()
    until: str = ""
    successor: str = ""

    @property
    def name(self) -> str:
        """The official name."""
        return self.names[0].text

    @property
    def placed(self) -> bool:
        """Whether it is known where it lies."""
        return bool(self.departements or self.regions)

    @property
    def code(self) -> str:
        """The code that the key holds."""
        return self.key.partition(":")[2]


@dataclass(frozen=True)
class Query:
    """What somebody wants matched.

    Attributes:
        name: as written; may hold a département, a postcode or an acronym besides.
        aliases: other names of the same thing.
        family: only units of this family, None for any.
        nature: legal nature, where it is known apart from the name.
        departement, region: a code or a name.
        insee, siren, postcode: codes as given, checked before they are believed.
        population: inhabitants, as evidence.
        date: day, month or year (ISO) of which the name is told, empty for today.
    """

    name: str
    aliases: tuple[str, ...] = ()
    family: str | None = None
    nature: str | None = None
    departement: str = ""
    region: str = ""
    insee: str = ""
    siren: str = ""
    postcode: str = ""
    population: int | None = None
    date: str = ""


@dataclass
class Candidate:
    """A unit that a query may mean.

    Attributes:
        score: from 0 to 1.
        how: the rung of the ladder that found it.
        name: which of the unit's names matched.
        evidence, against: what speaks for it and what against it, in words.
        sure: whether nothing but a competitor stands between this and a link.
        slip: whether a slip of the keyboard had to be mended to find it.
    """

    unit: Unit
    score: float
    how: str
    name: Name
    evidence: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    sure: bool = True
    slip: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the ladder concludes: ``link``, ``review`` or ``none``, with the candidates, best first, and the reason."""

    decision: str
    candidates: tuple[Candidate, ...]
    reason: str

    @property
    def best(self) -> Unit | None:
        """The unit to propose, None where none is."""
        return self.candidates[0].unit if self.candidates else None


def is_siren(text: str) -> bool:
    """Whether nine digits carry the check digit of a SIREN (Luhn)."""
    return len(text) == 9 and text.isascii() and text.isdigit() and _luhn(text)


def is_siret(text: str) -> bool:
    """Whether fourteen digits are a SIRET: that of La Poste has a rule of its own, a sum divisible by five."""
    if not (len(text) == 14 and text.isascii() and text.isdigit() and _luhn(text[:9])):
        return False
    return _luhn(text) or (text.startswith("356000000") and sum(map(int, text)) % 5 == 0)


def departement_of(code: str) -> str:
    """Code of the département that an INSEE code or a postcode of a commune points at; empty where it does not."""
    if len(code) != 5:
        return ""
    if code.startswith(("97", "98")):
        return code[:3]
    # Postcodes of both Corsican départements start with 20: 200 and 201 are the south.
    if code.startswith("20"):
        return "2A" if code[2] in "01" else "2B"
    return code[:2].upper()


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Without repetitions, in the order of first appearance."""
    return tuple(dict.fromkeys(item for item in items if item))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * _LUHN_WEIGHTS[place % 2]
        total += value - 9 if value > 9 else value
    return total % 10 == 0
