"""What a server's processes hold: who they are, their open descriptors, their memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def tree(root: int) -> dict[int, str]:
    """Command lines of a process and all that descend from it, by process id."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(status.parent.name)] = int(parent)
    found = {root}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    commands = {}
    for pid in found:
        with suppress(OSError):
            commands[pid] = (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return commands


def query_workers(root: int) -> set[int]:
    """Processes that evaluate queries and updates."""
    return {pid for pid, command in tree(root).items() if "ess_graph.engine.worker" in command}


def servers(root: int) -> set[int]:
    """Processes that answer requests: children of the server that evaluate nothing."""
    return {pid for pid in tree(root) if pid != root and _parent(pid) == root}


def makers(root: int) -> set[int]:
    """Processes that make a release for a write."""
    return {pid for pid, command in tree(root).items() if "ess_graph.maker" in command}


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def processor(pid: int) -> int:
    """Ticks of the processor that a process has used; 0 when there is none."""
    with suppress(OSError):
        fields = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def reads(pid: int, folder: Path) -> bool:
    """Whether a process has a file of a folder open."""
    with suppress(OSError):
        return any(entry.resolve().is_relative_to(folder) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return False


def memory(pid: int) -> int:
    """MiB that a process keeps in memory."""
    for line in (Path("/proc") / str(pid) / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int((Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0
