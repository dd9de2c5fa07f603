"""Who did it is written down, whoever it was."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from core.actors import Actor
from core.models import EventRecord, Milestone
from core.reader import actor_kinds, spoken_actor

LONG = Actor("staff", "m" * 150)


@pytest.mark.parametrize("model", [EventRecord, Milestone])
def test_the_longest_user_name_fits_into_every_log(model):
    assert len(str(LONG)) == model._meta.get_field("actor").max_length


def test_a_name_as_people_have_them_is_kept_whole():
    assert str(Actor("staff", "maya.lindner@example.com")) == "staff:maya.lindner@example.com"
    assert str(Actor("system")) == "system"


def kinds_in_use() -> Iterator[str]:
    """Yield the kinds of actors that the code makes."""
    for app in Path(settings.BASE_DIR).iterdir():
        for path in app.rglob("*.py") if (app / "apps.py").exists() else ():
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Actor":
                    # Of a choice between two kinds (`"a" if … else "b"`), both.
                    named = ast.walk(node.args[0]) if node.args and not isinstance(node.args[0], ast.Name) else ()
                    yield from (one.value for one in named if isinstance(one, ast.Constant))


def test_every_kind_of_actor_has_a_name():
    used = set(kinds_in_use())

    assert {"system", "staff", "customer", "guest", "operator", "import"} <= used
    assert used - set(actor_kinds()) == set()


@pytest.mark.parametrize(
    ("actor", "read"),
    [
        ("guest:SO-000001", "Gast SO-000001"),
        ("customer:C-000001", "Kunde C-000001"),
        ("operator", "Betreiber"),
        ("import:shop", "Import shop"),
        ("staff:maya", "Maya"),
        ("system", "System"),
    ],
)
def test_a_german_reads_who_it_was_in_german(actor, read):
    with translation.override("de"):
        assert spoken_actor(actor) == read
