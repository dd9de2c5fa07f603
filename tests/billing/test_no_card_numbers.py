"""R24 for money: numbers of cards that people write into free texts are in no column, log, event or mail."""

import logging
import random
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from billing import services as billing
from billing.cards import _passes, without_cards
from core.actors import SYSTEM
from core.money import Money
from tests.factories.billing import place, ship_all

BEGIN = ("4", "51", "2221", "34", "37", "36", "6011", "35")


def card(dice: random.Random) -> str:
    """Make up a number that a bank could have given out."""
    begin = dice.choice(BEGIN)
    length = {"34": 15, "37": 15, "36": 14}.get(begin, 16)
    body = begin + "".join(dice.choice("0123456789") for _ in range(length - len(begin) - 1))
    return next(f"{body}{last}" for last in range(10) if _passes(f"{body}{last}"))


def test_a_thousand_numbers_are_hidden_however_they_are_written() -> None:
    dice = random.Random(3)
    for _ in range(1000):
        number = card(dice)
        gap = dice.choice(("", " ", "-"))
        written = gap.join(number[at : at + 4] for at in range(0, len(number), 4))
        assert without_cards(f"paid by {written}, thanks") == f"paid by •••• {number[-4:]}, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "DE02120300000000202051",
        "INV-000001",
        "4006381333931",
        "2026-11-29 08:30",
        "4111111111111112",
        "+49 40 5550 100",
    ],
)
def test_what_is_no_card_is_left_alone(text: str) -> None:
    assert without_cards(text) == text


@pytest.mark.django_db
@pytest.mark.usefixtures("seller")
def test_numbers_of_cards_are_kept_nowhere(run_debts: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    dice = random.Random(4)
    numbers = [card(dice) for _ in range(6)]
    first, second, third, fourth, fifth, sixth = numbers
    order = place()
    ship_all(order)
    run_debts()
    held = billing.authorize_payment(place().pk, method="card", amount=Decimal("1.00"), reference=first, actor=SYSTEM)
    billing.void_payment(held.pk, reason=f"Was {second}", actor=SYSTEM)
    given = {"method": "card_terminal", "amount": Decimal("22.06"), "reference": f"Visa {third}", "actor": SYSTEM}
    paid = billing.record_payment(order.pk, **given)
    # The same reference, written again, is still the same payment.
    assert billing.record_payment(order.pk, **given).pk == paid.pk
    back = Money(Decimal("2.00"), "EUR")
    billing.refund_payment(paid.pk, amount=back, reference=fourth, reason=f"To {fifth}", actor=SYSTEM)
    billing.credit_invoice(order.invoices.get().pk, reference="all", reason=f"Card {sixth}", actor=SYSTEM)
    run_debts()

    found = [
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        for value in model._default_manager.values_list(field.attname, flat=True)
        if any(number in str(value) for number in numbers)
    ]
    assert found == []
    assert not any(number in caplog.text for number in numbers)
    assert paid.reference == f"Visa •••• {third[-4:]}"
