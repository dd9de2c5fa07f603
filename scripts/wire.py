"""`./run wire`: ask somebody else's Stripe (localstripe) what our gateway says and understands.

It has an environment of its own under var/, is installed there the first time, and runs as long as its tests.
"""

import contextlib
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from gate import plain_environment
from private_servers import NotAvailable, free_port, private_folder, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements-localstripe.txt"
HOME = ROOT / "var" / "localstripe"
# As its own start does, but for this machine alone, and nothing is kept in a file that all of them share.
SERVE = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]))
"""
TESTS = ["-m", "localstripe", "-p", "no:cacheprovider", "tests/billing/test_localstripe.py"]


def install(home: Path) -> Path:
    """Return the Python that has localstripe. Raises NotAvailable."""
    python, stamp, pins = home / "bin" / "python", home / "installed.txt", PINS.read_text()
    if stamp.exists() and stamp.read_text() == pins:
        return python
    print(f"wire: installing {PINS.name} into {home} ...", flush=True)
    venv.create(home, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(PINS)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NotAvailable(f"it could not be installed: {' '.join(said[-1:])}")
    stamp.write_text(pins)
    return python


@contextlib.contextmanager
def localstripe(python: Path, folder: Path) -> Iterator[str]:
    """Run it on a free port and lend its address. Raises NotAvailable."""
    port, log = free_port(), folder / "localstripe.log"
    with log.open("wb") as output:
        command = [str(python), "-c", SERVE, str(port)]
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_for_port(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(5)
        server.kill()
        server.wait()


def main(options: list[str]) -> int:
    """Install it, run it, ask it; returns how the tests went."""
    with private_folder() as folder:
        try:
            python = install(HOME)
            with localstripe(python, folder) as url:
                environment = {**plain_environment(folder), "LOCALSTRIPE_URL": url}
                command = [sys.executable, "-m", "pytest", *TESTS, *options]
                return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        except NotAvailable as reason:
            print(f"wire: nothing was asked, there is no localstripe: {reason}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
