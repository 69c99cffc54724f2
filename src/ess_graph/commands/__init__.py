"""Groups of commands, one module each; like ``cli`` they parse arguments and call the library."""

from __future__ import annotations

from ess_graph.commands.link import link
from ess_graph.commands.opendata import opendata

#: What ``ess-graph`` offers beside the commands of ``cli``.
GROUPS = [link, opendata]
