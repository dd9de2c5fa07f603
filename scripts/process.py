"""Small jobs that bash cannot do everywhere alike: process groups, ports, waiting. Only the standard library."""

import os
import socket
import sys
import time
import urllib.request
from collections.abc import Callable


def group(*command: str) -> int:
    """Run a command as the leader of a process group, so that a signal to it reaches every child."""
    if os.getpgrp() != os.getpid() and not os.isatty(0):
        os.setsid()
    os.environ["RUN_GROUP"] = "own" if os.getpgrp() == os.getpid() else "shared"
    os.execvp(command[0], command)  # noqa: S606 - it takes our place


def port(host: str, number: str) -> int:
    """Succeed when nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(number)))
        except (OSError, ValueError, OverflowError):
            return 1
    return 0


def answers(url: str, pid: str) -> int:
    """Wait for a server to answer, as long as it lives and at most a minute."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        try:
            direct.open(url, timeout=2)
            return 0
        except OSError:
            time.sleep(0.2)
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return 1
    return 1


if __name__ == "__main__":
    jobs: dict[str, Callable[..., int]] = {"group": group, "port": port, "answers": answers}
    sys.exit(jobs[sys.argv[1]](*sys.argv[2:]))
