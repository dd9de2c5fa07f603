"""Promotions: for whom and for what, in which order, and never more often than allowed.

Shown to fail on PostgreSQL when their guard is removed: the uses in all without the condition in `promotions._count`,
the uses per customer without the unique slot.
"""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal as D
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.actors import SYSTEM
from customers.models import CustomerGroup
from inventory.models import Product
from orders import services as orders
from orders.models import Order
from orders.price_words import why_prices
from orders.wishes import LineWish, Wish
from pricing import services as pricing
from pricing.errors import CouponRefused
from pricing.models import Channel, Promotion, Redemption
from tests.racing import Meeting
from tests.scenarios import anew, confirmed_order, order_input, placed_order

TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.django_db


def make(code: str, kind: str = "percent", value: Any = 10, **more: Any) -> Promotion:
    """Return a promotion."""
    made = Promotion.objects.create(code=code, name=code.capitalize(), kind=kind, value=D(value), **more)
    pricing.forget()
    return made


def ask(shop, *codes: str, mugs: int = 2, teas: int = 1, **more: Any) -> pricing.Quote:
    return pricing.quote_order(
        channel=shop.channel("api"),
        lines=[pricing.QuoteLine(1, shop.mug, mugs), pricing.QuoteLine(2, shop.tea, teas)],
        country="DE",
        on=TODAY,
        method=pricing.shipping_method("standard"),
        coupon_codes=codes,
        **more,
    )


def refused(shop, *codes: str, **more: Any) -> str:
    with pytest.raises(CouponRefused) as refusal:
        ask(shop, *codes, **more)
    return refusal.value.errors[0]["detail"]


def test_a_promotion_for_some_goods_takes_its_share_of_those_alone(shop):
    Product.objects.filter(pk=shop.tea.pk).update(category="Tea")
    shop.tea.category = "Tea"
    make("TEA", categories=["Tea"])
    make("MUGS", "amount", "3.00", currency="EUR", skus=["MUG-RED"], min_goods_value=D(10))

    quote = ask(shop, "TEA", "MUGS")

    assert [line.discount_total for line in quote.lines] == [D("3.00"), D("0.42")]
    assert refused(shop, "MUGS", mugs=1, teas=5) == "Coupon MUGS: only for goods from €10.00"


def test_what_goods_must_be_worth_is_said_in_one_currency_and_holds_in_that_alone(shop):
    make("HALF", value=50, min_goods_value=D(10), currency="EUR")
    make("FREE", "free_shipping", 0, min_goods_value=D(10), currency="EUR", needs_code=False)
    dear = {
        "lines": [pricing.QuoteLine(1, shop.mug, 1, unit_price=D(500))],
        "shipping_price": D(300),
        "currency": "JPY",
    }

    for codes in ((), ("HALF",)):
        asked = partial(
            pricing.quote_order,
            **{"channel": shop.channel("api"), "country": "DE", "on": TODAY, "coupon_codes": codes, **dear},
            method=pricing.shipping_method("standard"),
        )
        if codes:
            with pytest.raises(CouponRefused, match="Coupon HALF: only for orders in EUR"):
                asked()
        else:
            assert (asked().discount_total, asked().shipping_total) == (0, D(300))
    assert ask(shop, "HALF").discount_total == D("7.10")


@pytest.mark.parametrize(
    "amounts",
    [{"min_goods_value": D(10)}, {"kind": "amount"}, {"kind": "free_shipping", "value": 0, "min_goods_value": D(1)}],
)
def test_the_database_keeps_no_amount_of_which_nobody_knows_the_currency(amounts):
    with pytest.raises(IntegrityError, match="promotion_amounts_are_in_a_currency"):
        make("TEN", **amounts)


@contextmanager
def before_the_constraint():
    """Let rows be written as they could be before; the transaction of the test takes that back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE pricing_promotion DROP CONSTRAINT promotion_amounts_are_in_a_currency")
        yield
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def test_amounts_of_old_promotions_are_in_the_currency_of_their_channel_or_of_the_shop(shop):
    Channel.objects.filter(code="portal").update(currency="CHF")
    Channel.objects.filter(code="phone").update(currency="GBP")
    kept = make("KEPT", min_goods_value=D(10), currency="EUR")
    shares = make("SHARES")
    with before_the_constraint():
        usual, phone = make("A", min_goods_value=D(10)), make("B", "amount", channel=shop.channel("phone"))

    import_module("pricing.migrations.0017_amounts_in_a_currency").say_in_which_currency(apps, None)

    found = dict(Promotion.objects.values_list("pk", "currency"))
    assert found == {kept.pk: "EUR", shares.pk: "", usual.pk: "CHF", phone.pk: "GBP"}


def test_conditions_are_told_to_whom_they_are_not_met(shop):
    trade = CustomerGroup.objects.create(code="trade", name="Trade")
    make("TRADE", group=trade)
    make("PHONE", channel=shop.channel("phone"))
    make("FIRST", first_order=True)
    make("GONE", max_uses=3, used=3)

    assert refused(shop, "TRADE") == "Coupon TRADE: not for this order"
    assert refused(shop, "PHONE") == "Coupon PHONE: not for this order"
    assert refused(shop, "FIRST", is_first=False) == "Coupon FIRST: only for a first order"
    assert refused(shop, "GONE") == "Coupon GONE: used up"
    assert ask(shop, "TRADE", group_id=trade.pk).discount_total == D("1.42")
    assert ask(shop, "FIRST", is_first=True).discount_total == D("1.42")


def test_priority_then_shares_then_amounts(shop):
    make("A-FIRST", "amount", "4.20", currency="EUR", priority=1)
    make("TEN")
    make("B-AMOUNT", "amount", "1.00", currency="EUR")

    quote = ask(shop, "B-AMOUNT", "TEN", "A-FIRST")

    assert [(one["about"], one["amount"]) for one in quote.explanation if "rule" in one] == [
        ("discount:A-FIRST", "-4.20"), ("discount:TEN", "-1.00"), ("discount:B-AMOUNT", "-1.00"),
    ]  # fmt: skip
    shares = [one["shares"] for one in quote.explanation if "rule" in one]
    for line in quote.lines:
        assert sum(D(share.get(str(line.key), "0")) for share in shares) == line.discount_total


def test_what_is_exclusive_stands_alone(shop):
    make("AUTUMN", needs_code=False)
    make("ALONE", value=20, exclusive=True)
    make("TEN")

    # A typed code goes before what everybody gets.
    assert ask(shop, "ALONE").discount_total == D("2.84")
    assert refused(shop, "ALONE", "TEN") == "Coupon TEN: cannot be combined with “Alone”"
    Promotion.objects.filter(code="AUTUMN").update(exclusive=True, priority=1)
    pricing.forget()
    assert refused(shop, "ALONE") == "Coupon ALONE: cannot be combined with “Autumn”"


def test_a_use_is_taken_with_the_order_and_given_back_when_it_is_cancelled_or_expires(shop):
    make("ONCE", max_uses=1)
    order = placed_order(coupon_codes=("ONCE",))
    use = Redemption.objects.get()

    assert (use.reference, use.customer, Promotion.objects.get().used) == (order.number, order.customer, 1)
    with pytest.raises(CouponRefused, match="used up"):
        placed_order(coupon_codes=("ONCE",), email="bob@example.com")
    assert Order.objects.count() == 1

    orders.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)
    again = placed_order(coupon_codes=("ONCE",), email="bob@example.com")
    assert again.discount_total == D("1.42")
    Order.objects.filter(pk=again.pk).update(payment_due_at=timezone.now() - timedelta(minutes=1))
    orders.expire_order(again.pk)
    assert Promotion.objects.get().used == 0
    assert Redemption.objects.filter(given_back_at=None).count() == 0


def test_a_customer_uses_a_code_as_often_as_allowed(shop):
    make("TWICE", max_uses_per_customer=2)
    mine = [placed_order(coupon_codes=("TWICE",), customer_note=str(n)) for n in range(2)]

    with pytest.raises(CouponRefused, match="you have used it already"):
        placed_order(coupon_codes=("TWICE",))
    placed_order(coupon_codes=("TWICE",), email="bob@example.com")
    orders.cancel_order(mine[0].pk, reason="", actor=SYSTEM)
    placed_order(coupon_codes=("TWICE",))
    assert Redemption.objects.filter(given_back_at=None).count() == 3


def test_a_first_order_is_placed_once(shop):
    make("WELCOME", needs_code=False, first_order=True)

    assert placed_order().discount_total == D("1.42")
    assert placed_order({"TEA-1": 3}).discount_total == 0


def test_a_limit_that_is_set_later_counts_what_was_used_before(shop):
    promotion = make("TEN")
    placed_order(coupon_codes=("TEN",))
    Promotion.objects.filter(pk=promotion.pk).update(max_uses=1)
    pricing.recount(promotion.pk)

    assert refused(shop, "TEN") == "Coupon TEN: used up"


def test_an_edit_keeps_what_was_granted_for_the_goods_it_was_granted_for(shop):
    make("MUGS", skus=["MUG-RED"], max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",))
    assert order.discount_total == D("1.00")

    wish = Wish(lines=(LineWish(position=1, quantity=4), LineWish(position=2, quantity=3)))
    orders.amend_order(order.pk, wish, expected_version=order.version, actor=SYSTEM)

    assert anew(order).discount_total == D("2.00")
    assert Promotion.objects.get().used == 1
    assert why_prices(anew(order)).others[0] == "Promotion Mugs (MUGS), 10 %: −€2.00"


def enlarge(order, **units):
    """Wish for other units of mugs and teas, and agree."""
    wish = Wish(lines=tuple(LineWish(position=int(key[1:]), quantity=n) for key, n in units.items()))
    order = anew(order)
    orders.amend_order(order.pk, wish, expected_version=order.version, actor=SYSTEM)
    return anew(order)


def test_a_share_that_ends_at_an_amount_takes_no_more_off_when_the_order_grows_and_counts_once(shop):
    make("ONCE", max_uses=1, max_discount=D("1.50"), currency="EUR", skus=["MUG-RED"])
    order = confirmed_order(coupon_codes=("ONCE",))
    assert order.discount_total == D("1.00")

    order = enlarge(order, _1=9)
    assert order.discount_total == D("1.50")
    assert why_prices(order).others[0] == "Promotion Once (ONCE), 10 %, at most €1.50: −€1.50"
    # What the promotion says since then is for later orders.
    Promotion.objects.update(max_discount=D("9.00"), valid_to=TODAY - timedelta(days=999))
    pricing.forget()
    assert enlarge(order, _1=10).discount_total == D("1.50")
    assert enlarge(order, _1=2).discount_total == D("1.00")

    assert (Promotion.objects.get().used, Redemption.objects.count()) == (1, 1)
    assert refused(shop, "ONCE") == "Coupon ONCE: not valid on this day"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_use_a_code_more_often_than_it_may_be(shop, concurrently):
    make("THREE", max_uses=3)
    jobs = [
        partial(
            orders.place_order,
            order_input({"TEA-1": 1}, email=f"b{n}@example.com", coupon_codes=("THREE",)),
            actor=SYSTEM,
        )
        for n in range(6)
    ]

    outcomes = concurrently(*jobs, raising=False)

    assert [type(one.error) for one in outcomes if one.error is not None] == [CouponRefused] * 3
    assert (Order.objects.count(), Redemption.objects.count(), Promotion.objects.get().used) == (3, 3, 3)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_customer_in_many_windows_uses_a_code_once(shop, concurrently, monkeypatch):
    make("MINE", max_uses_per_customer=1)
    ada = placed_order().customer
    everybody_has_looked = Meeting(4)

    def atomic() -> Any:
        everybody_has_looked.wait()
        return transaction.atomic()

    monkeypatch.setattr("pricing.services.promotions.transaction", SimpleNamespace(atomic=atomic))
    use = partial(pricing.redeem, ["MINE"], customer_id=ada.pk, at=timezone.now())

    outcomes = concurrently(*[partial(use, reference=f"SO-{n}") for n in range(4)], raising=False)

    assert [type(one.error) for one in outcomes if one.error is not None] == [CouponRefused] * 3
    assert Redemption.objects.count() == 1
