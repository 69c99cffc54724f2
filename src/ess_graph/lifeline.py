"""A pipe that ends one process with another, whatever ends that one and whatever the first is doing."""

from __future__ import annotations

import fcntl
import os
import select
import sys


def die_with(lifeline: int) -> None:
    """The system ends this process (SIGIO) when the pipe closes, whether or not Python gets a turn.

    Args:
        lifeline: the reading end of a pipe whose other end only the process to die with keeps open.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:
        sys.exit("whoever started this process is gone")
