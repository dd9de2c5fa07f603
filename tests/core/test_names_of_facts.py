"""Whoever reads the log reads it in his language: every fact that the code can tell has a name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from core.admin.facts import FACTS
from core.admin.history import PHRASES, words
from core.events import EVENT_TYPES
from core.models import EventRecord

# A record that was made or changed is named by its table.
BY_TABLE = ("created", "changed")


def noted() -> Iterator[str]:
    """Return the names under which services note changes."""
    roots = [
        Path(config.path) for config in apps.get_app_configs() if Path(settings.BASE_DIR) in Path(config.path).parents
    ]
    for path in (path for root in roots for path in root.rglob("services/**/*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "note_change":
                yield from (
                    one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def test_every_fact_has_a_name_for_its_reader():
    told = {name for name in EVENT_TYPES if not name.startswith("tests.")} | set(noted())

    assert len(told) > 120
    assert sorted(told - {*FACTS, *PHRASES} - {name for name in told if name.endswith(BY_TABLE)}) == []


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
