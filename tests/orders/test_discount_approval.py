"""A discount by hand: as far as a role goes, and above that with somebody's approval."""

from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from core.actors import Actor
from core.models import User
from core.reader import retold
from orders import services
from orders.errors import InvalidOrder, MayNotLift
from orders.inputs import DiscountInput, LineInput
from orders.models import Hold, Order
from orders.wishes import LineWish, Wish
from pricing import services as pricing
from pricing.models import Channel
from tests.scenarios import anew, order_input

pytestmark = pytest.mark.django_db

LIFTS = "orders.lift_money_hold"
FINN = Actor("staff", "finn", frozenset({LIFTS}))


@pytest.fixture
def maya(shop) -> Actor:
    """Return somebody whose role may take off ten percent."""
    Channel.objects.filter(code="staff").update(
        discount_limits={"Desk": "10"}, checks=dict.fromkeys(("discount", "duplicate", "price"), "off")
    )
    pricing.forget()
    User.objects.create_user("maya").groups.add(Group.objects.create(name="Desk"))
    return Actor("staff", "maya", frozenset({"orders.change_price"}))


def place(actor: Actor, *lines: LineInput, off: str = "0", **more: object) -> Order:
    wanted = lines or (LineInput(sku="MUG-RED", quantity=20),)
    given = {"discounts": (DiscountInput(amount=D(off), reason="Old friend"),)} if off != "0" else {}
    order = order_input(wanted, channel="staff", payment_terms="net14", **given, **more)
    return services.place_order(order, actor=actor)


def test_within_the_limit_nobody_is_asked(maya):
    # 100.00 of goods: ten percent on the whole, on the line, or by the price.
    assert place(maya, off="10.00").status == "confirmed"
    assert place(maya, LineInput(sku="MUG-RED", quantity=20, discount=D("10.00"))).status == "confirmed"
    assert place(maya, LineInput(sku="MUG-RED", quantity=20, unit_price=D("4.50"))).status == "confirmed"


def test_beyond_it_the_order_waits_for_who_may_approve(maya):
    # Nine and two percent are eleven, in whatever way they are given.
    order = place(maya, LineInput(sku="MUG-RED", quantity=20, unit_price=D("4.55")), off="2.00")

    hold = Hold.objects.get()
    assert (anew(order).status, hold.kind, hold.placed_by) == ("placed", "approval", "staff:maya")
    assert retold(hold.reason) == "11 % taken off by hand; more than 10 % needs approval"
    with pytest.raises(MayNotLift):
        services.release_hold(hold.pk, note="Fine", actor=maya)
    assert services.release_hold(hold.pk, note="Fine", actor=FINN).status == "confirmed"


def test_an_edit_does_not_lead_around_it(maya):
    order = place(maya)
    wish = Wish(lines=(LineWish(position=1, unit_price=D("4.00")),))

    assert [retold(why) for why in services.preview_change(order.pk, wish, actor=maya).approval] == [
        "20 % taken off by hand; more than 10 % needs approval"
    ]
    wish = Wish(lines=(LineWish(position=1, unit_price=D("4.50")),))
    assert services.preview_change(order.pk, wish, actor=maya).approval == ()


def test_what_replaces_a_lost_parcel_costs_nothing_on_purpose(maya):
    free = LineInput(sku="MUG-RED", quantity=1, unit_price=D(0))

    assert place(maya, free, replacement=True).status == "confirmed"
    assert place(maya, free).is_on_hold


def test_who_may_approve_asks_nobody_and_a_role_without_a_limit_neither(maya):
    boss = Actor("staff", "maya", frozenset({"orders.approve_change"}))

    assert place(boss, off="50.00").active_holds == 0
    assert place(Actor("staff", "olga"), off="50.00").active_holds == 0
    assert place(Actor("api", "shop"), off="50.00").active_holds == 0


def test_a_quotation_beyond_the_limit_does_not_go_out(maya):
    given = order_input(channel="staff", discounts=(DiscountInput(amount=D("2.00"), reason="Old friend"),))
    draft = services.save_draft(given, actor=maya)

    with pytest.raises(InvalidOrder) as refused:
        services.offer_draft(draft.pk, valid_until=timezone.localdate(), actor=maya)
    assert refused.value.errors[0]["code"] == "needs_approval"
