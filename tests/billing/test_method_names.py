"""Ways to pay and providers, by their names."""

import pytest
from django.utils import translation

from billing.ledger_words import account_name
from billing.method_names import gateway_name, method_name
from billing.models import LedgerAccount


@pytest.mark.parametrize(
    ("code", "way", "gateway"),
    [
        ("bank_transfer", "Überweisung", "bank transfer"),
        ("manual", "manual", "von Hand eingetragen"),
        ("stripe", "Stripe", "Stripe"),
        ("demo", "Anbieter der Demo", "Anbieter der Demo"),
        ("of_tomorrow", "of tomorrow", "of tomorrow"),
    ],
)
def test_a_german_reads_names_and_of_what_nobody_named_its_words(code, way, gateway):
    with translation.override("de"):
        assert (method_name(code), gateway_name(code)) == (way, gateway)


def test_an_account_of_a_provider_has_his_name():
    with translation.override("de"):
        assert account_name(LedgerAccount.Kind.DISPUTE, "stripe") == "Bestrittene Zahlungen (Stripe)"
