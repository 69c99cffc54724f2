"""Reads a write from standard input, makes its release, and says on standard output what became of it.

Not for people: the server runs it beside itself, so that inference and validation slow no page down.
"""

from __future__ import annotations

import json
import sys

from ess_graph.build import requested
from ess_graph.engine.local import LocalBackend
from ess_graph.lifeline import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    print(json.dumps(requested.made(json.load(sys.stdin), LocalBackend())))
