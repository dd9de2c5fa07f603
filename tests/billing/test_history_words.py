"""What was changed about money, in the language and the locale of who reads the history."""

from decimal import Decimal as D

import pytest
from django.utils import translation

from billing import services as billing
from billing.models import LegalEntity
from billing.services.charts import Number
from core.actors import SYSTEM
from core.admin.differences import changes_of
from core.models import EventRecord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]


def told() -> list[tuple[str, str, str]]:
    """Return the last change as a German reads it."""
    with translation.override("de"):
        return changes_of(EventRecord.objects.exclude(payload__after=None).latest("pk"))


def test_a_small_difference_is_money():
    entity = LegalEntity.objects.get()
    values = {"entity_id": entity.pk, "currency": "CHF", "most": D("0.5"), "by_itself": False}
    limit = billing.create_difference_limit(values, actor=SYSTEM)
    billing.change_difference_limit(limit.pk, {"most": D("1250.75"), "by_itself": True}, actor=SYSTEM)

    assert told()[0] == ("Von selbst", "nein", "ja")
    assert told()[-1] == ("Bis zu", "0,50\xa0CHF", "1.250,75\xa0CHF")


def test_a_limit_of_store_credit_is_money_of_each_role():
    limit = billing.create_store_credit_limit({"currency": "EUR", "limits": {"Money": "50"}}, actor=SYSTEM)
    assert told()[-1] == ("Ohne Genehmigung", "", "Money: 50,00\xa0€")
    billing.change_store_credit_limit(limit.pk, {"limits": {"Money": "50", "Desk": "9.5"}}, actor=SYSTEM)

    assert told()[-1] == ("Ohne Genehmigung · Desk", "", "9,50\xa0€")


def test_a_vat_registration_abroad_is_told_by_its_country():
    entity = LegalEntity.objects.get()
    billing.change_entity(entity.pk, {"vat_registrations": {"FR": "FR12345678901"}}, actor=SYSTEM)
    billing.change_entity(entity.pk, {"vat_registrations": {"FR": "FR12345678901", "AT": "ATU12345678"}}, actor=SYSTEM)

    assert told() == [("Umsatzsteuerregistrierungen im Ausland · AT", "", "ATU12345678")]


def test_the_accounts_of_an_accountant_have_their_names():
    profile = {"chart": "SKR04", "consultant": 1001, "client": 1}
    said = {("money", "stripe"): Number("1361", ""), ("rounding", ""): Number("4830", "")}
    billing.keep_accounts(LegalEntity.objects.get().pk, profile, said, actor=SYSTEM)

    assert told() == [
        ("Kontenrahmen", "", "SKR04"),
        ("Mandantennummer", "", "1"),
        ("Beraternummer", "", "1001"),
        ("Zahlungsmittel · stripe", "", "1361"),
        ("Rundungsdifferenzen", "", "4830"),
    ]
