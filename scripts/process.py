"""Small jobs that bash cannot do everywhere alike: process groups, ports, waiting. Only the standard library."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path


def group(*command: str) -> int:
    """Run a command as the leader of a process group, so that a signal to it reaches every child."""
    if os.getpgrp() != os.getpid() and not os.isatty(0):
        os.setsid()
    os.environ["RUN_GROUP"] = "own" if os.getpgrp() == os.getpid() else "shared"
    os.execvp(command[0], command)  # noqa: S606 - it takes our place


def stop(leader: str, seconds: str) -> int:
    """End everybody in a process group but its leader: politely, then, when the time is up, not."""
    deadline = time.monotonic() + float(seconds)
    end(members(leader), signal.SIGTERM)
    while (left := members(leader)) and time.monotonic() < deadline:
        time.sleep(0.05)
    end(left, signal.SIGKILL)
    return 0


def members(leader: str) -> list[int]:
    """Return who lives in the group besides its leader and us."""
    others = [row for row in processes() if row[1] == leader and row[0] not in {leader, str(os.getpid())}]
    return [int(pid) for pid, _, state in others if not state.startswith("Z")]


def processes() -> Iterator[tuple[str, str, str]]:
    """List every process: its id, its group, its state."""
    if not Path("/proc/self/stat").exists():  # not Linux
        listing = subprocess.run(["ps", "-axo", "pid=,pgid=,stat="], capture_output=True, text=True, check=False)
        for line in listing.stdout.splitlines():
            pid, group, state = line.split()[:3]
            yield pid, group, state
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may hold anything, so read behind it: state, parent, group.
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            yield path.parent.name, group, state


def end(processes: list[int], how: signal.Signals) -> None:
    """Send a signal to those who are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, how)


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
    jobs: dict[str, Callable[..., int]] = {"group": group, "stop": stop, "port": port, "answers": answers}
    sys.exit(jobs[sys.argv[1]](*sys.argv[2:]))
