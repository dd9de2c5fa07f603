"""Orders sent twice are told from those that only look alike."""

import json

import pytest
from django.core.management import call_command

from core.models import EventRecord
from orders.management.commands import duplicate_precision
from orders.models import Order

pytestmark = pytest.mark.django_db


def test_nearly_all_duplicates_are_found_and_nearly_nothing_else_and_nothing_stays():
    found = duplicate_precision.measure(40)

    assert {kind: (one["pairs"], one["found"]) for kind, one in found["kinds"].items() if one["is_same"]} == {
        "sent again": (4, 4),
        "street written short, other mailbox": (4, 4),
        "typo in the street, other mailbox": (4, 4),
        "same customer, typo in the address": (4, 4),
        "name written short, other mailbox": (4, 4),
    }
    assert len(found["kinds"]) == 13
    assert (found["precision"], found["recall"], found["met"]) == (1.0, 1.0, True)
    assert not Order.objects.exists()
    assert not EventRecord.objects.exists()


def test_what_finds_nothing_is_not_called_precise(monkeypatch, capsys):
    monkeypatch.setattr(duplicate_precision, "_is_called_duplicate", lambda pair: False)

    with pytest.raises(SystemExit):
        call_command("duplicate_precision", "--pairs", "2", "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["precision"], told["recall"], told["met"]) == (0.0, 0.0, False)
