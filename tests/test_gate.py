"""The gate behind `./run test`: a journey gets a second try, which the table does not hide, and its own time."""

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
# One journey that fails the first time, one that always does, and one that is fine and says how often it was asked.
JOURNEYS = """
import pathlib, pytest
here = pathlib.Path(__file__).parent
def times(name):
    with (here / name).open("a") as asked:
        asked.write(".")
    return len((here / name).read_text())
pytestmark = pytest.mark.browser
def test_fine():
    times("fine")
@pytest.mark.parametrize("number", range({wobbly}))
def test_wobbly(number):
    assert times(f"wobbly-{{number}}") > 1
@pytest.mark.parametrize("number", range({broken}))
def test_broken(number):
    assert times("broken") < 0
"""


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return how to let the gate walk so many wobbly and so many broken journeys, and see its table."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    gate = import_module("gate")
    monkeypatch.setattr(gate, "ROOT", tmp_path)

    def walked(*, wobbly: int, broken: int):
        (tmp_path / "tests/journeys").mkdir(parents=True)
        (tmp_path / "tests/journeys/test_walks.py").write_text(JOURNEYS.format(wobbly=wobbly, broken=broken))
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\naddopts = -p xdist.plugin\n")
        done = gate.Gate(set(), {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
        gate.journeys(done, tmp_path / "memory", {})
        return done

    return walked


def asked(folder: Path, name: str) -> int:
    return len((folder / "tests/journeys" / name).read_text())


def test_a_journey_that_is_fine_the_second_time_is_fine_and_named(walk, tmp_path, capsys):
    gate = walk(wobbly=1, broken=0)

    assert gate.report() == 0
    (step,) = gate.results
    assert (step.name, step.state) == ("browser", "ok")
    assert step.note.startswith("1 failed, 1 passed")
    assert (
        "note: passed only at the second try: tests/journeys/test_walks.py::test_wobbly[0]" in capsys.readouterr().out
    )
    assert (asked(tmp_path, "fine"), asked(tmp_path, "wobbly-0")) == (1, 2), "nobody else was asked again"


def test_what_fails_twice_has_failed(walk, tmp_path):
    gate = walk(wobbly=1, broken=1)

    assert (gate.report(), gate.results[0].state, gate.remarks) == (1, "FAILED", [])
    assert asked(tmp_path, "broken") == 2


def test_many_do_not_fail_by_accident(walk, tmp_path):
    gate = walk(wobbly=0, broken=0)
    step = gate.results[0]
    step.state = "FAILED"
    failed = tmp_path / "lastfailed"
    failed.write_text(json.dumps(dict.fromkeys("abcd", True)))

    gate.second_try(failed, "pytest")

    assert (step.state, gate.remarks) == ("FAILED", [])
    assert asked(tmp_path, "fine") == 1


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch):
    """Return the module of the gate."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return import_module("gate")


def say(words: str, seconds: float = 0) -> tuple[str, ...]:
    return Path(sys.executable).name, "-c", f"import time; time.sleep({seconds}); print({words!r})"


def test_a_step_beside_the_others_is_told_after_them_and_counts(gate, capfd):
    done = gate.Gate(set(), dict(os.environ))
    started = time.monotonic()

    with gate.beside(done, "browser", lambda other: other.step("browser", *say("=== 3 passed in 1s ===", 0.6))):
        done.step("sqlite", *say("first", 0.3))
        done.step("postgres", *say("second", 0.3))
    code = done.report()

    took = time.monotonic() - started
    assert [(result.name, result.state) for result in done.results] == [
        ("sqlite", "ok"),
        ("postgres", "ok"),
        ("browser", "ok"),
    ]
    assert code == 0
    assert took < sum(result.seconds for result in done.results)
    said = capfd.readouterr().out
    assert said.index("\nfirst\n") < said.index("\nsecond\n") < said.index("=== browser: ") < said.index("3 passed")
    assert "note: browser ran beside the others" in said


@pytest.mark.parametrize("code", ["raise SystemExit(3)", ""])
def test_what_fails_beside_the_others_fails_the_whole(gate, code):
    def work(other):
        if not code:
            raise OSError("no such file")
        other.step("browser", Path(sys.executable).name, "-c", code)

    done = gate.Gate(set(), dict(os.environ))
    with gate.beside(done, "browser", work):
        done.step("sqlite", *say("fine"))

    assert done.report() == 1
    assert [(result.name, result.state) for result in done.results] == [("sqlite", "ok"), ("browser", "FAILED")]


def test_who_interrupts_waits_for_nobody(gate):
    done = gate.Gate(set(), dict(os.environ))
    started = time.monotonic()

    def interrupted():
        with gate.beside(done, "browser", lambda other: [other.step("browser", *say("", 60)) for _ in range(2)]):
            time.sleep(0.2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert time.monotonic() - started < 30
    assert [result.state for result in done.results] == ["FAILED", "FAILED"]


@pytest.mark.parametrize(
    ("here", "installable", "found", "installed"),
    [
        ({"chromium", "chromium-headless-shell"}, set(), "chromium-headless-shell", []),
        ({"chromium"}, {"chromium-headless-shell"}, "chromium", []),
        (set(), {"chromium", "chromium-headless-shell"}, "chromium-headless-shell", ["chromium-headless-shell"]),
        (set(), {"chromium"}, "chromium", ["chromium-headless-shell", "chromium"]),
    ],
)
def test_the_lightest_browser_is_taken_and_only_what_is_missing_is_installed(
    monkeypatch, here, installable, found, installed
):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    servers = import_module("private_servers")
    asked = []

    def install(package, fonts):
        asked.append(package)
        if package not in installable:
            raise servers.NotAvailable(package)
        here.add(package)

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(servers.shutil, "which", lambda name: f"/usr/bin/{name}" if name in here else None)
    monkeypatch.setattr(servers, "apt_install", install)

    assert servers.chromium() == f"/usr/bin/{found}"
    assert asked == installed
