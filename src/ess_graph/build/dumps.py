"""The files of every statement in its named graph: the one that releases are compared by, and those people download."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from ess_graph import terms
from ess_graph.engine.base import Quad
from ess_graph.vocab import PREFIXES


def write(dump: Path, folder: Path, quads: Sequence[Quad]) -> None:
    """Write every statement.

    Args:
        dump: N-Quads, its lines in the order of their bytes, so that two of them can be compared line by line.
        folder: made to hold ``ess-graph.{nq,trig,jsonld}.gz``; the same statements give the same bytes, hence
            the same checksums.
        quads: the statements, those of one graph together, since TriG and JSON-LD open a block for each graph.
    """
    buffer = io.BytesIO()
    terms.write(quads, buffer, ".nq", {})
    lines = sorted(buffer.getvalue().splitlines(keepends=True))
    del buffer
    folder.mkdir()
    with dump.open("wb") as plain, _packed(folder / "ess-graph.nq.gz") as packed:
        for line in lines:
            plain.write(line)
            packed.write(line)
    for suffix in (".trig", ".jsonld"):
        with _packed(folder / f"ess-graph{suffix}.gz") as packed:
            terms.write(quads, packed, suffix, PREFIXES)


@contextmanager
def _packed(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        yield cast(IO[bytes], packed)
