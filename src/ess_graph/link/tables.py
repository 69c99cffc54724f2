"""Rows of official tables: separators, encodings, header lines and column names as they come, cut files refused."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ess_graph.errors import InvalidData
from ess_graph.folding import fold

Row = dict[str, str]
_SEPARATORS = ";,\t|"
#: Lines above the header that a workbook or an export may have (title, vintage, blank lines).
_PREAMBLE = 15
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError)


def rows_of(path: Path, required: Iterable[str], optional: Iterable[str] = ()) -> Iterator[Row]:
    """Rows of a table whose columns are called as wanted, accents and case aside; see ``rows``."""
    names = {name: f"^{re.escape(name)}$" for name in (*required, *optional)}
    return rows(path, names, set(required))


def rows(
    path: Path, columns: Mapping[str, str], required: set[str], told: Callable[[int], None] = lambda _: None
) -> Iterator[Row]:
    """Rows of a CSV file (perhaps ``.gz`` or ``.zip``) or of the sheet of a workbook that has the columns, one by one.

    Args:
        path: the file; ``-`` is standard input.
        columns: pattern of each wanted column, searched in the folded names of the header.
        required: those without which the file is another one.
        told: given the number of rows read, from time to time.

    Yields:
        The wanted columns of each row, as text without spaces at the ends; empty for a column that is not there.

    Raises:
        InvalidData: a column is missing, a row is cut, or the file cannot be read; with the line and the reason.
    """
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        source = _sheets(path, columns, required)
    elif path.suffix.lower() == ".xls":
        raise InvalidData(f"{path.name} is an old workbook: save it as .xlsx or .csv, then import that.")
    else:
        source = _lines(path, columns, required)
    for number, row in enumerate(source, 1):
        if number % 5000 == 0:
            told(number)
        yield row


def _lines(path: Path, columns: Mapping[str, str], required: set[str]) -> Iterator[Row]:
    try:
        with _text(path) as handle:
            table = csv.reader(_numbered(handle), delimiter=_separator(path), strict=True)
            header, places = _header(table, path.name, columns, required)
            for cells in table:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise InvalidData(
                        f"{path.name}, line {table.line_num}: {len(cells)} cells where the header has {len(header)}."
                        " The file was cut or changed: get it again."
                    )
                yield {name: cells[place].strip() if place >= 0 else "" for name, place in places.items()}
    except csv.Error as error:
        raise InvalidData(f"{path.name}: {error}. The file was cut or changed: get it again.") from error
    except _BROKEN as error:
        raise InvalidData(f"{path.name} cannot be read to its end: {error}. Get it again.") from error


def _header(
    table: Iterable[list[str]], name: str, columns: Mapping[str, str], required: set[str]
) -> tuple[list[str], dict[str, int]]:
    """The header, within the first lines, and where each wanted column stands (-1 for none)."""
    best: tuple[list[str], set[str]] = ([], set(required))
    for number, cells in enumerate(table):
        if number > _PREAMBLE:
            break
        folded = [fold(cell) for cell in cells]
        places = {
            wanted: next((place for place, cell in enumerate(folded) if re.search(_folded(pattern), cell)), -1)
            for wanted, pattern in columns.items()
        }
        missing = {wanted for wanted in required if places[wanted] < 0}
        if not missing:
            return cells, places
        if len(missing) < len(best[1]) or not best[0]:
            best = (cells, missing)
    found = ", ".join(best[0][:12]) or "nothing"
    raise InvalidData(
        f"{name} has no column for {', '.join(sorted(best[1]))} (its header: {found})."
        " Is it the right file, whole and unchanged?"
    )


def _folded(pattern: str) -> str:
    """A pattern as it is searched in folded names: underscores are spaces there."""
    return pattern.replace("_", " ").replace("\\-", " ")


def _separator(path: Path) -> str:
    with _text(path) as handle:
        head = [line for line, _ in zip(handle, range(_PREAMBLE), strict=False)]
    counts = {mark: max((line.count(mark) for line in head), default=0) for mark in _SEPARATORS}
    return max(counts, key=lambda mark: counts[mark])


def _numbered(handle: Iterable[str]) -> Iterator[str]:
    """Lines without the zero bytes that some exports hold."""
    return (line.replace("\0", "") for line in handle)


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    """The text of a file in its own encoding."""
    encoding = _encoding(path)
    with _bytes(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as handle:
        yield handle


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, else what French administrations wrote before."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with _bytes(path) as raw:
        try:
            while piece := raw.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


_STANDARD: list[bytes] = []


@contextmanager
def _bytes(path: Path) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        if not _STANDARD:
            _STANDARD.append(sys.stdin.buffer.read())
        yield io.BytesIO(_STANDARD[0])
    elif path.suffix == ".gz":
        with gzip.open(path) as raw:
            yield raw  # type: ignore[misc]
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith((".csv", ".txt"))]
            if len(inside) != 1:
                raise InvalidData(f"{path.name} holds {len(inside)} tables: take the right one out and import that.")
            with archive.open(inside[0]) as raw:
                yield raw
    else:
        with path.open("rb") as raw:
            yield raw


def _sheets(path: Path, columns: Mapping[str, str], required: set[str]) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a slow import that most files do not need
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, *_BROKEN) as error:
        raise InvalidData(f"{path.name} is no whole workbook: {error}. Get it again.") from error
    reason: InvalidData | None = None
    try:
        for sheet in book.worksheets:
            cells = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
            try:
                _, places = _header(cells, f"{path.name}, sheet {sheet.title}", columns, required)
            except InvalidData as error:
                reason = reason or error
                continue
            for row in cells:
                if any(row):
                    yield {name: row[place] if 0 <= place < len(row) else "" for name, place in places.items()}
            return
    except (KeyError, ValueError, SyntaxError, *_BROKEN) as error:
        raise InvalidData(f"{path.name} cannot be read to its end: {error}. Get it again.") from error
    finally:
        book.close()
    raise reason or InvalidData(f"{path.name} has no sheet.")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
