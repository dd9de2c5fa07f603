"""What was changed about stock, in the language of who reads the history."""

from datetime import date

import pytest
from django.utils import translation

from core.actors import SYSTEM
from core.admin.differences import changes_of
from core.models import EventRecord
from inventory import services as inventory
from inventory.services import TransferInput
from tests.factories.catalog import make_product

pytestmark = pytest.mark.django_db


def told(name: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return the last change of a name as it is read in English and in German."""
    record, said = EventRecord.objects.filter(name=name).latest("pk"), {}
    for language in ("en", "de"):
        with translation.override(language):
            said[language] = changes_of(record)
    return said


def test_how_goods_are_handled_is_told_in_words(places):
    mug = make_product()
    inventory.update_product(mug.pk, {"handling": ["fragile", "cold"]}, actor=SYSTEM)

    assert told("inventory.product.changed")["de"] == [("Zu behandeln als", "", "zerbrechlich, gekühlt")]


def test_the_status_of_a_transfer_is_told_to_each_in_their_language_whoever_sent_it(places):
    mug = make_product(stock={"HAM": 10})
    hamburg, munich = (place.warehouse_id for place in places)
    day = date(2026, 12, 3)
    wanted = TransferInput(source_id=hamburg, destination_id=munich, units={mug.pk: 4}, expected_on=day)
    transfer = inventory.create_transfer(wanted, actor=SYSTEM)

    with translation.override("de"):
        inventory.send_transfer(transfer.pk, actor=SYSTEM)

    assert told("inventory.transfer.changed") == {
        "en": [("Status", "draft", "on its way")],
        "de": [("Status", "Entwurf", "unterwegs")],
    }
