"""`./run wire` where there is no localstripe to be had: it says so, and nothing passes by not being asked."""

from importlib import import_module
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def test_without_it_nothing_was_asked_and_that_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    wire = import_module("wire")
    monkeypatch.setattr(wire, "HOME", tmp_path / "home")
    # An index of packages that has none.
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    assert wire.main([]) == 1
    said = capsys.readouterr().err
    assert "wire: nothing was asked, there is no localstripe: it could not be installed: ERROR" in said
    assert not (tmp_path / "home" / "installed.txt").exists()
