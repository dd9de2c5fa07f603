"""The product as it runs in production: a web server, a worker with its beat, a broker. Each can be killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from django.conf import settings

from tests.races.post_office import PostOffice
from tests.racing import database_url


class House:
    """Processes by name; what ends by itself is started again, as `./run serve` does."""

    def __init__(self, folder: Path, redis: str, post: PostOffice) -> None:
        self.folder, self.post = folder, post
        self.web, self.broker = f"127.0.0.1:{free_port()}", free_port()
        self.commands = {
            "broker": [redis, "--port", str(self.broker), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
            "web": [
                *(sys.executable, "-m", "gunicorn", "orders_project.wsgi", "--bind", self.web, "--workers", "1"),
                *("--worker-class", "gthread", "--threads", "4", "--log-level", "warning"),
            ],
            "worker": [
                *(sys.executable, "-m", "celery", "-A", "orders_project", "worker", "--loglevel", "WARNING"),
                *("--concurrency", "2", "-B", "--schedule", str(folder / "beat"), "--without-gossip"),
            ],
        }
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "DATABASE_POOL": "4",
            "REDIS_URL": f"redis://127.0.0.1:{self.broker}/0",
            "EMAIL_URL": post.url,
            "DATA_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "EMBEDDED_WORKER": "0",
            "PYTHONWARNINGS": "ignore",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()

    def start(self, *names: str) -> None:
        """Start processes; each leads a group, so that a kill reaches its children."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    self.commands[name], cwd=settings.BASE_DIR, env=self.environment,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip

    def kill(self, *names: str) -> None:
        """Kill -9, at once and all together."""
        for name in names:
            self.kills[name] += 1
            self._end(name)

    def keep(self) -> None:
        """Start again what ended by itself."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.restarts[name] += 1
                self.start(name)

    def wait_until_it_serves(self, seconds: float = 60) -> None:
        """Return when the web server takes connections."""
        host, _, port = self.web.partition(":")
        deadline = time.monotonic() + seconds
        while True:
            try:
                return socket.create_connection((host, int(port)), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def close(self) -> None:
        """End everything."""
        for name in list(self.running):
            self._end(name)

    def log(self) -> str:
        """Return the ends of what the processes wrote."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log"))

    def _end(self, name: str) -> None:
        process = self.running.pop(name)
        # Its own group: the leader may be gone while its children live.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
