"""An edit gives the use of a promotion back with its discount, and takes it again with it, as long as one is left.

Shown to fail on PostgreSQL when its guard is removed: the last use without `hold_uses` in `settle_uses`.
"""

from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest
from django.urls import reverse

from billing.models import Invoice
from core.actors import SYSTEM, Actor
from orders import services as orders
from orders.errors import ChangeRefused
from orders.models import Order
from orders.price_words import why_prices
from orders.wishes import LineWish, NewLine, Wish
from pricing import services as pricing
from pricing.errors import CouponRefused
from pricing.models import Promotion, Redemption
from tests.factories.billing import make_seller, ship
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
FINANCE = Actor("staff", "ines", frozenset({"orders.approve_change"}))


def make(code: str, kind: str = "percent", value: Any = 10, **more: Any) -> Promotion:
    """Return a promotion from 10 euros of mugs on; a mug costs five."""
    conditions = {"min_goods_value": D(10), "currency": "EUR", "skus": ["MUG-RED"], **more}
    made = Promotion.objects.create(code=code, name=code.capitalize(), kind=kind, value=D(value), **conditions)
    pricing.forget()
    return made


def wish_for(mugs: int) -> Wish:
    return Wish(lines=(LineWish(position=1, quantity=mugs),))


def buy(order: Order, mugs: int) -> Order:
    """Wish for other units of the first line, and agree."""
    orders.amend_order(order.pk, wish_for(mugs), expected_version=anew(order).version, actor=SYSTEM)
    return anew(order)


def uses(code: str) -> tuple[int, int, int]:
    """Return how many uses are counted, how many stand, and how many were given back."""
    promotion = Promotion.objects.get(code=code)
    rows = Redemption.objects.filter(promotion=promotion)
    return promotion.used, rows.filter(given_back_at=None).count(), rows.exclude(given_back_at=None).count()


def test_an_edit_below_what_goods_must_be_worth_gives_the_use_back_and_earns_it_again(shop):
    make("MUGS", max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",))
    assert (order.discount_total, uses("MUGS")) == (D("1.00"), (1, 1, 0))

    order = buy(order, 1)
    assert (order.discount_total, uses("MUGS")) == (0, (0, 0, 1))
    order = buy(order, 2)
    assert (order.discount_total, uses("MUGS")) == (D("1.00"), (1, 1, 1))
    # An edit that changes nothing of it moves no use.
    order = buy(order, 3)
    assert (order.discount_total, uses("MUGS")) == (D("1.50"), (1, 1, 1))
    orders.cancel_order(order.pk, reason="No", actor=SYSTEM)
    assert uses("MUGS") == (0, 0, 2)


def test_a_use_that_somebody_else_took_meanwhile_is_not_earned_again_until_it_comes_back(shop):
    make("MUGS", max_uses=1)
    order = buy(confirmed_order(coupon_codes=("MUGS",)), 1)
    other = placed_order(coupon_codes=("MUGS",), email="bob@example.com")
    assert uses("MUGS") == (1, 1, 1)

    shown = orders.preview_change(order.pk, wish_for(4))
    assert (shown.after["discount_total"], shown.used_up, shown.uses_back) == ("0.00", ("MUGS",), ())
    order = buy(order, 4)
    assert (order.discount_total, order.subtotal, uses("MUGS")) == (0, order.subtotal, (1, 1, 1))
    assert "Promotion Mugs (MUGS): no use of it is left" in why_prices(order).others
    # Other edits leave it so, and the figures can be worked out again.
    order = buy(order, 5)
    assert (order.discount_total, uses("MUGS")) == (0, (1, 1, 1))

    orders.cancel_order(other.pk, reason="No", actor=SYSTEM)
    order = buy(order, 4)
    assert (order.discount_total, uses("MUGS")) == (D("2.00"), (1, 1, 2))
    assert not any("no use" in said for said in why_prices(order).others)


def test_the_one_use_of_a_customer_is_free_for_the_next_order_and_gone_for_the_one_that_lost_it(shop):
    make("MINE", max_uses_per_customer=1)
    order = confirmed_order(coupon_codes=("MINE",))
    with pytest.raises(CouponRefused):
        placed_order(coupon_codes=("MINE",))
    order = buy(order, 1)
    assert placed_order(coupon_codes=("MINE",)).discount_total == D("1.00")

    assert buy(order, 2).discount_total == 0
    assert uses("MINE") == (0, 1, 1)


def test_a_free_delivery_is_charged_again_and_its_use_given_back(shop):
    make("FREE", "free_shipping", 0, max_uses=1)
    order = confirmed_order(coupon_codes=("FREE",))
    assert (order.shipping_total, uses("FREE")) == (0, (1, 1, 0))

    order = buy(order, 1)
    assert order.shipping_total > 0
    charged, given = order.shipping_total, uses("FREE")
    assert given == (0, 0, 1)
    taken = placed_order(coupon_codes=("FREE",), email="bob@example.com")
    order = buy(order, 2)
    assert (order.shipping_total, uses("FREE")) == (charged, (1, 1, 1))
    orders.cancel_order(taken.pk, reason="No", actor=SYSTEM)
    order = buy(order, 3)
    assert (order.shipping_total, uses("FREE")) == (0, (1, 1, 2))


def test_of_two_promotions_only_the_one_that_is_not_reached_gives_its_use_back(shop):
    make("ALL", skus=[], min_goods_value=D(0), currency="", max_uses=5, value=20)
    make("MUGS", max_uses=5)
    order = confirmed_order(coupon_codes=("MUGS", "ALL"))
    assert (uses("ALL"), uses("MUGS")) == ((1, 1, 0), (1, 1, 0))

    buy(order, 1)

    assert (uses("ALL"), uses("MUGS")) == ((1, 1, 0), (0, 0, 1))


def test_what_nobody_counts_comes_and_goes_with_the_goods_alone(shop):
    make("EACH", needs_code=False)
    order = confirmed_order()
    assert order.discount_total == D("1.00")
    assert buy(order, 1).discount_total == 0
    assert buy(order, 2).discount_total == D("1.00")
    assert Redemption.objects.count() == 0


def test_a_preview_says_what_becomes_of_the_use_and_moves_none(shop):
    make("MUGS", max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",))

    shown = orders.preview_change(order.pk, wish_for(1))

    assert (shown.uses_back, shown.used_up, shown.after["discount_total"]) == (("MUGS",), (), "0.00")
    assert (uses("MUGS"), anew(order).discount_total) == ((1, 1, 0), D("1.00"))


def test_an_edit_that_is_refused_leaves_every_use_where_it_is(shop):
    make("MUGS", max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",))
    with pytest.raises(ChangeRefused):
        orders.amend_order(
            order.pk,
            Wish(lines=(LineWish(position=1, quantity=1),), add=(NewLine(sku="TEA-1", quantity=100_000),)),
            expected_version=order.version,
            actor=SYSTEM,
        )
    assert (uses("MUGS"), anew(order).discount_total) == ((1, 1, 0), D("1.00"))


def test_a_use_that_an_order_of_yesterday_kept_without_its_discount_is_free_when_it_is_cancelled(shop):
    made = make("MUGS", max_uses=1)
    order = buy(confirmed_order(coupon_codes=("MUGS",)), 1)
    # Edits kept the use then.
    Redemption.objects.update(given_back_at=None)
    Promotion.objects.filter(pk=made.pk).update(used=1)

    orders.cancel_order(order.pk, reason="No", actor=SYSTEM)

    assert uses("MUGS") == (0, 0, 1)


def test_what_was_earned_when_a_part_had_left_stays_with_its_use(shop, run_debts):
    make_seller()
    make("MUGS", max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",), payment_terms="net14")
    ship(order, {"MUG-RED": 1}, reference="SH-1")
    run_debts()
    assert Invoice.objects.count() == 1

    order = buy(order, 1)

    assert uses("MUGS") == (1, 1, 0)


def test_the_page_of_an_edit_and_the_api_say_it(shop, staff, api):
    make("MUGS", max_uses=1)
    order = confirmed_order(coupon_codes=("MUGS",))
    page = reverse("desk:preview-edit", args=[order.number])
    told = staff.post(page, {"version": order.version, "q-1": "1"}).content.decode()
    assert "Promotion MUGS takes nothing off any more; its use is given back." in told
    asked = {"preview": True, "lines": [{"position": 1, "quantity": 1}]}
    answer = api.post(f"/api/v1/orders/{order.number}/changes/", asked, format="json").json()
    assert (answer["uses_back"], answer["used_up"]) == (["MUGS"], [])


def test_who_applied_an_edit_is_told_that_the_last_use_went_to_somebody_else(shop, staff):
    make("MUGS", max_uses=1)
    order = buy(confirmed_order(coupon_codes=("MUGS",)), 1)
    placed_order(coupon_codes=("MUGS",), email="bob@example.com")
    page = reverse("desk:edit-order", args=[order.number])

    done = staff.post(page, {"version": order.version, "q-1": "2", "apply": "1"}, follow=True)

    assert (done.status_code, anew(order).lines.get(position=1).quantity) == (200, 2)
    assert [str(one) for one in done.context["messages"]][-1] == "Promotion Mugs (MUGS): no use of it is left"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_edits_at_once_that_earn_the_last_use_again_one_has_it(shop, concurrently):
    promotion = make("LAST", max_uses=4)
    placed = [confirmed_order(coupon_codes=("LAST",), email=f"b{n}@example.com") for n in range(4)]
    placed = [buy(order, 1) for order in placed]
    Promotion.objects.filter(pk=promotion.pk).update(max_uses=1)

    outcomes = concurrently(*[partial(buy, order, 2) for order in placed], raising=False)

    assert [one.error for one in outcomes] == [None] * 4
    assert sorted(anew(order).discount_total for order in placed) == [0, 0, 0, D("1.00")]
    assert uses("LAST") == (1, 1, 4)
