"""Whoever reads the log reads it in his language: every fact that the code can tell has a name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from core.admin.differences import NAMES
from core.admin.facts import FACTS
from core.admin.history import PHRASES, words
from core.events import EVENT_TYPES
from core.models import EventRecord

# A record that was made or changed is named by its table.
BY_TABLE = ("created", "changed")


def noting() -> Iterator[tuple[str, ast.AST, ast.Call]]:
    """Return the calls of services that note a change, with the label of the app and the function around."""
    for config in apps.get_app_configs():
        if Path(settings.BASE_DIR) not in Path(config.path).parents:
            continue
        for path in Path(config.path).rglob("services/**/*.py"):
            for function in ast.walk(ast.parse(path.read_text())):
                for call in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "note_change":
                        yield config.label, function, call


def noted() -> Iterator[str]:
    """Return the names under which services note changes."""
    for _app, _function, call in noting():
        yield from (one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


def noted_fields() -> Iterator[tuple[str, str]]:
    """Return what services note as before and after, as far as they name it where they note it, with their app."""
    for app, function, call in noting():
        given = [one.value for one in call.keywords if one.arg in ("before", "after")]
        names = {one.id for one in given if isinstance(one, ast.Name)}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                given += [node.value for one in targets if getattr(one, "id", "") in names and node.value]
        for said in given:
            for key in said.keys if isinstance(said, ast.Dict) else ():
                if isinstance(key, ast.Constant):
                    yield app, key.value


def test_every_fact_has_a_name_for_its_reader():
    told = {name for name in EVENT_TYPES if not name.startswith("tests.")} | set(noted())

    assert len(told) > 120
    assert sorted(told - {*FACTS, *PHRASES} - {name for name in told if name.endswith(BY_TABLE)}) == []


def test_what_was_changed_has_a_name_for_its_reader():
    told = set(noted_fields())
    columns = {(one._meta.app_label, field.name) for one in apps.get_models() for field in one._meta.get_fields()}

    assert len(told) > 40
    assert sorted(name for app, name in told if name not in NAMES and (app, name) not in columns) == []


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            EventRecord(
                name="billing.payment.capture", transition="capture", target="captured", subject_type="billing.payment"
            ),
            "Zahlung: Eingezogen",
        ),
        (EventRecord(name="inventory.product.changed", subject_type="inventory.product"), "Artikel geändert"),
    ],
    ids=["a passage", "a change"],
)
def test_the_log_is_read_in_the_language_of_its_reader(record, said):
    with translation.override("de"):
        assert words(record) == said


def test_a_fact_without_a_phrase_is_told_by_its_name():
    assert words(EventRecord(name="orders.order_placed")) == str(FACTS["orders.order_placed"]) == "Order placed"
