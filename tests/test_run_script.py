"""The one door, `./run`: what it says, what it refuses, and that it keeps stdout to itself."""

import fcntl
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(
    *arguments: str, root: Path = ROOT, where: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the script as a stranger would: no terminal, only these settings."""
    mine = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DATABASE_URL", "DEMO"}}
    command = ["bash", str(root / "run"), *arguments]
    settings = {**mine, **environment}
    return subprocess.run(
        command, env=settings, cwd=where, stdin=-3, capture_output=True, text=True, timeout=120, check=False
    )


def free_port() -> str:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module", autouse=True)
def environment_is_there():
    """Without the project's own environment the script would install one, which is not cheap."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("runs in the environment that ./run setup made")


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",), ("-h",)])
def test_help_names_every_command(arguments):
    done = run(*arguments)

    assert done.returncode == 0
    for command in ("demo", "test", "setup", "wire", "manage", "serve", "backup", "restore", "upgrade"):
        assert f"\n  {command} " in done.stdout


def test_unknown_command_is_refused_and_help_goes_to_stderr():
    done = run("destroy")

    assert (done.returncode, done.stdout) == (1, "")
    assert "run: there is no command 'destroy'" in done.stderr
    assert "Usage: ./run COMMAND" in done.stderr


def test_manage_adds_nothing_to_stdout_and_passes_the_exit_code_on(tmp_path):
    database = f"sqlite:///{tmp_path / 'db.sqlite3'}"

    version = run("manage", "version", DATABASE_URL=database, SECRET_KEY="key")
    unknown = run("manage", "no_such_command", DATABASE_URL=database, SECRET_KEY="key")

    assert version.stdout == "5.2.19\n"
    assert unknown.returncode == 1
    assert unknown.stdout == ""


def test_serve_refuses_without_a_secret_key(tmp_path):
    # In a folder of its own: a developer may keep a key in the .env of this one.
    shutil.copy(ROOT / "run", tmp_path / "run")

    done = run("serve", root=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "serve needs a SECRET_KEY" in done.stderr


def test_serve_refuses_a_database_that_the_demo_made(tmp_path):
    database = tmp_path / "db.sqlite3"
    Path(f"{database}.demo").write_text("made by ./run demo\n")

    done = run("serve", SECRET_KEY="key", DATABASE_URL=f"sqlite:///{database}")

    assert done.returncode == 1
    assert f"{database} is a demo database" in done.stderr
    assert not database.exists()


def test_serve_refuses_a_database_that_is_not_up_to_date_and_says_what_to_do(tmp_path):
    behind = {"SECRET_KEY": "key" * 20, "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    run("manage", "migrate", "contenttypes", **behind)

    done = run("serve", **behind)

    assert done.returncode == 1
    assert "./run upgrade (or ./run manage migrate, without a backup)" in done.stderr


def test_serve_explains_bad_settings():
    done = run("serve", SECRET_KEY="key" * 20, DATABASE_URL="mysql://root@localhost/orders")

    assert done.returncode == 1
    assert "core.E001" in done.stderr
    assert "the settings need attention" in done.stderr


def test_demo_refuses_a_port_that_is_taken(tmp_path):
    listen = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-uc", listen], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = other.stdout.readline().strip()
        done = run("demo", PORT=port, DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}")
        other.kill()

    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def test_demo_refuses_a_database_of_somebody_else_and_changes_nothing(tmp_path):
    database = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(database)) as theirs, theirs:
        theirs.execute("CREATE TABLE core_user (id INTEGER PRIMARY KEY)")
        theirs.execute("INSERT INTO core_user VALUES (1)")

    done = run("demo", PORT=free_port(), DATABASE_URL=f"sqlite:///{database}", DATA_DIR=str(tmp_path))

    assert done.returncode == 1
    assert "This database is not empty and not a demo: nothing was changed." in done.stderr
    with closing(sqlite3.connect(database)) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("core_user",)]


def test_demo_knows_only_one_option():
    done = run("demo", "--force")

    assert done.returncode == 1
    assert "demo knows only --fresh, not '--force'" in done.stderr


@pytest.fixture
def clone(tmp_path):
    """Return a folder that is like the project's, with locks of its own."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name not in {"run", "var", "staticfiles"}:
            (folder / path.name).symlink_to(path)
    shutil.copy(ROOT / "run", folder / "run")
    return folder


def test_upgrade_backup_and_restore_say_one_path_and_mean_files_from_where_they_are_called(clone, tmp_path):
    here, there = ({"DATABASE_URL": f"sqlite:///{tmp_path}/{name}.sqlite3"} for name in ("here", "there"))
    common = {"root": clone, "where": tmp_path, "SECRET_KEY": "key", "DATA_DIR": str(tmp_path / "data")}

    upgraded = run("upgrade", **common, **here)
    kept = run("backup", "kept.tar.gz", **common, **here)
    restored = run("restore", "kept.tar.gz", **common, **there)
    missing = run("restore", "nowhere.tar.gz", **common, **there)

    assert (upgraded.returncode, upgraded.stdout) == (0, ""), upgraded.stderr
    assert (kept.returncode, kept.stdout) == (0, f"{tmp_path}/kept.tar.gz\n"), kept.stderr
    assert (restored.returncode, restored.stdout) == (0, ""), restored.stderr
    assert (missing.returncode, missing.stdout) == (1, "")
    assert f"{tmp_path}/nowhere.tar.gz is no file. Nothing was changed." in missing.stderr
    with closing(sqlite3.connect(tmp_path / "there.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 20


@pytest.mark.skipif(not shutil.which("flock"), reason="there is no flock on this machine")
@pytest.mark.parametrize(
    ("held", "command", "said"),
    [
        (fcntl.LOCK_SH, "restore", "a server or another restore works in this folder. Stop it first"),
        (fcntl.LOCK_SH, "upgrade", "a server or another upgrade works in this folder. Stop it first"),
        (fcntl.LOCK_EX, "serve", "a restore or an upgrade is at work in this folder: start serve when it is done"),
        (fcntl.LOCK_EX, "demo", "a restore or an upgrade is at work in this folder: start the demo when it is done"),
    ],
)
def test_data_is_replaced_only_while_nobody_serves_it(clone, tmp_path, held, command, said):
    (clone / "var").mkdir()
    with (clone / "var" / "running.lock").open("w") as lock:
        fcntl.flock(lock, held)
        done = run(
            command, root=clone, SECRET_KEY="key" * 20, DATABASE_URL=f"sqlite:///{tmp_path}/db", PORT=free_port()
        )

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert not (tmp_path / "db").exists()


def test_too_old_python_is_named(tmp_path):
    """A python3 that says it is old, and no environment yet."""
    copy = tmp_path / "copy"
    (copy / "bin").mkdir(parents=True)
    (copy / "run").write_text((ROOT / "run").read_text())
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (copy / "bin" / name).write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n')
        (copy / "bin" / name).chmod(0o755)
    search = f"{copy / 'bin'}:/usr/bin:/bin"

    done = subprocess.run(
        ["bash", str(copy / "run"), "setup"], env={"PATH": search}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, found Python 3.9.2" in done.stderr


@pytest.mark.parametrize(
    ("optimized", "named", "taken"),
    [(True, False, "python3"), (False, False, "/usr/bin/python3"), (False, True, "python3.11")],
)
def test_a_python_that_was_compiled_without_optimizations_is_taken_only_where_it_is_named(
    tmp_path, optimized, named, taken
):
    system = ["/usr/bin/python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]
    if not Path(system[0]).exists() or subprocess.run(system, capture_output=True, check=False).returncode:
        pytest.skip("the system brings no Python that is new enough")
    copy = tmp_path / "copy"
    (copy / "bin").mkdir(parents=True)
    (copy / "run").write_text((ROOT / "run").read_text())
    for name in ("python3", "python3.11"):
        said = f'#!/bin/sh\ncase "$*" in *CONFIG_ARGS*) exit {int(not optimized)};; *"-m venv"*) exit 1;; esac\n'
        (copy / "bin" / name).write_text(said)
        (copy / "bin" / name).chmod(0o755)
    # Where a file stands no environment can be made.
    (copy / ".venv").touch()
    search = {"PATH": f"{copy / 'bin'}:/usr/bin:/bin", **({"PYTHON": "python3.11"} if named else {})}

    done = subprocess.run(
        ["bash", str(copy / "run"), "setup"], env=search, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"run: could not make .venv with {taken}\n" in done.stderr
