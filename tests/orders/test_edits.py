"""An agreement is changed: shown first, applied on what was shown, and settled to the cent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone, translation

from billing import services as billing
from billing.models import Refund
from core import invariants
from core.actors import SYSTEM, Actor
from core.models import EventRecord, OutgoingMail, User
from core.reader import retold
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.models import Allocation, StockItem, Warehouse
from orders import services as orders
from orders.changing import PriceKept
from orders.errors import ChangeRefused, StaleOrder
from orders.models import Hold, Order, OrderChange, OrderLine
from orders.verification import address_key
from orders.wishes import LineWish, NewLine, Wish
from pricing import services as pricing
from pricing.models import Price
from tests.factories.shop import Shop, make_priced_product
from tests.scenarios import anew, confirmed_order, placed_order, run_debts

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya", frozenset({"orders.change_order", "orders.change_price"}))


def edit(order: Order, wish: Wish, *, actor: Actor = SYSTEM, **given: object) -> OrderChange:
    """Apply an edit on the order as it stands."""
    return orders.amend_order(order.pk, wish, expected_version=anew(order).version, actor=actor, **given)  # type: ignore[arg-type]


def quantities(**units: int) -> Wish:
    """Wish for other quantities, by `lineN`."""
    return Wish(lines=tuple(LineWish(position=int(name[4:]), quantity=count) for name, count in units.items()))


def state(order: Order) -> dict[str, object]:
    """Return everything that an edit and its reversal leave as it was."""
    now = anew(order)
    figures = (
        *("subtotal", "discount_total", "shipping_total", "tax_total", "total", "cancelled_total", "balance_due"),
        *("tax_breakdown", "promised_on", "estimated_delivery_on", "allocation_status", "payment_status", "status"),
        *("invoice_status", "goods_key", "shipping_address", "shipping_method_id", "requested_delivery_on"),
    )
    line_columns = [field.attname for field in OrderLine._meta.concrete_fields]
    tied = {}
    for one in Allocation.objects.filter(reservation=now.reservation_id):
        if one.open:
            tied[one.key, one.stock_item_id] = tied.get((one.key, one.stock_item_id), 0) + one.open
    return {
        **{name: getattr(now, name) for name in figures},
        "lines": list(
            OrderLine.objects.filter(order=order, quantity__gt=0).order_by("position").values(*line_columns)
        ),
        "charges": list(now.charges.values("position", "kind", "amount", "net_total", "tax_total", "total", "taxes")),
        "tied": tied,
        "shelves": list(StockItem.objects.order_by("pk").values_list("pk", "on_hand", "reserved")),
    }


def broken() -> list[object]:
    """Return the invariants that do not hold."""
    found = [check() for _code, _name, check in invariants.questions()]
    return [(one.name, one.breaches) for one in found if one.breaches]


def test_what_would_be_is_shown_and_nothing_is_written(shop: Shop) -> None:
    order = confirmed_order()
    before = state(order)
    shown = orders.preview_change(order.pk, quantities(line1=5))
    assert (shown.before["total"], shown.after["total"]) == ("22.06", "39.99")
    assert shown.after["tax_total"] == "5.89"
    assert [(one.position, one.places, one.missing) for one in shown.stock] == [
        (1, (("HAM", 5),), 0),
        (2, (("HAM", 1),), 0),
    ]
    assert (shown.to_pay, shown.to_refund, shown.approval, shown.refusals) == (0, 0, (), ())
    assert (state(order), anew(order).version) == (before, order.version)


def test_an_edit_is_applied_as_it_was_shown(shop: Shop) -> None:
    order = confirmed_order()
    shown = orders.preview_change(order.pk, quantities(line1=5))
    change = edit(order, quantities(line1=5), reason="She has guests")
    now = anew(order)
    assert (change.status, change.number, change.after) == ("applied", f"CH-{change.pk:06d}", shown.after)
    assert (now.total, now.balance_due) == (Decimal("39.99"), Decimal("39.99"))
    assert now.version > order.version
    assert [(line.quantity, line.allocated) for line in now.lines.all()] == [(5, 5), (1, 1)]
    record = EventRecord.objects.get(name="orders.amended")
    assert record.note == "She has guests"
    assert record.payload["before"]["1 MUG-RED"] == "2 × MUG-RED @ 5.00"
    assert record.payload["after"]["1 MUG-RED"] == "5 × MUG-RED @ 5.00"
    assert broken() == []


def test_an_edit_and_its_reversal_leave_all_as_it_was(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 3})
    run_debts()
    before = state(order)
    address = PostalAddress(name="Ada", line1="2 Side St", city="Wien", postal_code="1010", country="AT")
    edit(order, Wish(lines=(LineWish(position=1, quantity=0),), shipping_address=address, shipping_method="express"))
    assert broken() == []
    assert [line["position"] for line in OrderChange.objects.latest("pk").after["lines"]] == [2]
    home = PostalAddress.from_dict(before["shipping_address"])  # type: ignore[arg-type]
    edit(order, Wish(lines=(LineWish(position=1, quantity=2),), shipping_address=home, shipping_method="standard"))
    assert state(order) == before
    assert broken() == []


def test_nobody_is_told_where_that_is_not_wanted(shop: Shop) -> None:
    order = confirmed_order()
    edit(order, quantities(line1=3), tell_customer=False)
    run_debts()
    assert not OutgoingMail.objects.filter(dedupe_key__startswith="order_changed:").exists()
    assert EventRecord.objects.get(name="orders.order_amended").public
    edit(order, quantities(line1=4))
    run_debts()
    mail = OutgoingMail.objects.get(dedupe_key__startswith="order_changed:")
    assert (mail.to, "4 × Red mug" in mail.text) == ("ada@example.com", True)


def test_lines_are_added_and_priced_as_they_are_sold(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 2})
    edit(order, Wish(add=(NewLine(sku="tea-1", quantity=2),)))
    added = OrderLine.objects.get(order=order, position=2)
    assert (added.sku, added.unit_price, added.quantity, added.allocated) == ("TEA-1", Decimal("4.2"), 2, 2)
    run_debts()
    work = FulfillmentOrder.objects.filter(order=order)
    assert {line.order_line_id: line.quantity for one in work for line in one.lines.all()} == {
        added.pk: 2,
        OrderLine.objects.get(order=order, position=1).pk: 2,
    }
    assert broken() == []


def test_a_price_is_set_by_who_may(shop: Shop) -> None:
    order = confirmed_order()
    wish = Wish(lines=(LineWish(position=1, unit_price=Decimal("4.00")),))
    refused = orders.preview_change(order.pk, wish, actor=Actor("staff", "tom")).refusals
    assert [one["code"] for one in refused] == ["price_not_allowed"]
    edit(order, wish, actor=MAYA)
    assert anew(order).total == Decimal("19.64")


def test_a_stale_edit_changes_nothing_and_says_what_is_different(shop: Shop) -> None:
    order = confirmed_order()
    change = orders.request_change(order.pk, quantities(line1=3), expected_version=order.version, actor=SYSTEM)
    edit(order, quantities(line2=2))
    before = state(order)
    with pytest.raises(StaleOrder) as refused:
        orders.apply_change(change.pk, actor=SYSTEM)
    assert refused.value.details["differences"]["line:2"] == ["1 × TEA-1 @ 4.20", "2 × TEA-1 @ 4.20"]
    assert state(order) == before


def test_what_is_missing_is_refused_beside_the_line_or_waits(shop: Shop) -> None:
    order = confirmed_order()
    shown = orders.preview_change(order.pk, quantities(line1=250))
    assert [(one["pointer"], one["code"]) for one in shown.refusals] == [("/lines/0/quantity", "insufficient_stock")]
    edit(order, Wish(lines=(LineWish(position=1, quantity=250, may_wait=True),)))
    line = OrderLine.objects.get(order=order, position=1)
    assert (line.allocated, line.backordered) == (200, 50)
    edit(order, quantities(line1=2))
    line.refresh_from_db()
    assert (line.allocated, line.backordered) == (2, 0)
    assert broken() == []


def test_picked_units_stay_and_the_way_out_is_said(shop: Shop) -> None:
    order = confirmed_order()
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    fulfillment.pick(work.pk, actor=SYSTEM)
    with pytest.raises(ChangeRefused) as refused:
        edit(order, quantities(line1=1))
    assert refused.value.errors[0]["detail"] == (
        f"At least 2: they are picked. Put back {work.number} first; then it can be changed"
    )
    edit(order, quantities(line1=4))
    assert sorted(FulfillmentOrder.objects.filter(order=order).values_list("status", "lines__quantity")) == [
        ("picked", 1),
        ("picked", 2),
        ("planned", 2),
    ]
    assert broken() == []


def test_released_work_is_pulled_back(shop: Shop) -> None:
    order = confirmed_order()
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    assert orders.preview_change(order.pk, quantities(line1=1)).pulled_back == (work.number,)
    edit(order, quantities(line1=1))
    assert list(FulfillmentOrder.objects.filter(order=order).values_list("status", "lines__quantity")) == [
        ("planned", 1),
        ("planned", 1),
    ]
    assert broken() == []


def test_more_to_pay_keeps_the_goods_until_it_is_paid(shop: Shop) -> None:
    order = placed_order()
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    run_debts()
    assert anew(order).status == "confirmed"
    assert orders.preview_change(order.pk, quantities(line1=3)).to_pay == Decimal("5.99")
    edit(order, quantities(line1=3))
    hold = Hold.objects.get(order=order)
    assert (hold.kind, hold.status, hold.blocks) == ("payment", "active", ["release", "ship"])
    assert broken() == []
    run_debts()
    mail = OutgoingMail.objects.get(dedupe_key__startswith="order_changed:")
    assert "5.99" in mail.text
    edit(order, quantities(line1=2))
    hold.refresh_from_db()
    assert (hold.status, anew(order).active_holds) == ("released", 0)


def test_a_change_above_the_limit_of_a_role_waits_for_somebody_else(shop: Shop) -> None:
    desk = Group.objects.create(name="Desk")
    User.objects.create(username="maya").groups.add(desk)
    channel = shop.channel()
    channel.change_limits = {"Desk": "10.00"}
    channel.save()
    order = confirmed_order()
    assert edit(order, quantities(line1=3), actor=MAYA).status == "applied"
    change = edit(order, quantities(line1=9), actor=MAYA)
    assert (change.status, len(change.approval)) == ("requested", 1)
    ada = Actor("staff", "ada", frozenset({"orders.approve_change"}))
    orders.approve_change(change.pk, note="Fine", actor=ada)
    orders.apply_change(change.pk, actor=MAYA)
    assert OrderLine.objects.get(order=order, position=1).quantity == 9


def test_who_approves_reads_the_reason_in_their_own_language(shop: Shop) -> None:
    desk = Group.objects.create(name="Desk")
    User.objects.create(username="maya").groups.add(desk)
    channel = shop.channel()
    channel.change_limits = {"Desk": "10.00"}
    channel.save()
    with translation.override("de"):
        change = edit(confirmed_order(), quantities(line1=9), actor=MAYA)
    assert change.approval == ["It changes the total by 41.76 EUR; more than 10.00 EUR needs approval"]
    assert retold(change.approval[0]) == "It changes the total by €41.76; more than €10.00 needs approval"


def test_what_has_left_stands_and_the_rest_can_be_cancelled(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 5, "TEA-1": 1})
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    mug = OrderLine.objects.get(order=order, position=1)
    fulfillment.pick(work.pk, picked={mug.pk: 2}, actor=SYSTEM)
    fulfillment.pack(work.pk, actor=SYSTEM)
    fulfillment.ship_fulfillment_order(work.pk, actor=SYSTEM)
    run_debts()
    before = state(order)
    assert [one["code"] for one in orders.preview_change(order.pk, quantities(line1=6)).refusals] == ["invoiced"]
    edit(order, quantities(line1=2))
    now = anew(order)
    mug.refresh_from_db()
    assert (mug.quantity, mug.cancelled, mug.shipped, now.cancelled_total) == (5, 3, 2, Decimal("17.85"))
    run_debts()
    assert (now.status, anew(order).balance_due, broken()) == ("fulfilled", now.total - Decimal("17.85"), [])
    assert before["status"] == "fulfilling"


def test_what_is_paid_too_much_goes_back_once(shop: Shop) -> None:
    order = placed_order()
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    run_debts()
    assert orders.preview_change(order.pk, quantities(line1=1)).to_refund == Decimal("6.05")
    change = edit(order, quantities(line1=1))
    run_debts()
    refund = Refund.objects.get(order=order)
    assert (refund.reference, refund.amount, refund.status) == (change.number, Decimal("6.05"), "succeeded")
    assert (anew(order).balance_due, anew(order).active_holds) == (0, 0)
    assert billing.settle_edit(order.pk, change=str(change.number)) == 0
    assert broken() == []


def test_a_line_is_named_once(shop: Shop) -> None:
    order = confirmed_order()
    before = state(order)
    twice = Wish(lines=(LineWish(position=1, quantity=0), LineWish(position=1, quantity=5)))
    with pytest.raises(ChangeRefused) as refused:
        edit(order, twice)
    assert [(one["pointer"], one["code"]) for one in refused.value.errors] == [("/lines/1/position", "unknown_line")]
    assert (state(order), broken()) == (before, [])


def test_who_names_what_is_agreed_changes_nothing_even_if_it_could_be_promised_otherwise(shop: Shop) -> None:
    rare = make_priced_product("RARE", "9.00", backorder=True)
    soon, late = (timezone.localdate() + timedelta(days=days) for days in (20, 40))
    coming = {"product_id": rare.pk, "warehouse_id": shop.hamburg.pk, "quantity": 5, "actor": SYSTEM}
    receipt = inventory.expect_receipt(expected_on=soon, **coming)
    order = confirmed_order({"RARE": 2})
    run_debts()
    # The order has not heard of it yet.
    inventory.change_expected(receipt.pk, expected_on=late, actor=SYSTEM)
    before = state(order)

    with pytest.raises(ChangeRefused, match="Nothing would be different"):
        edit(order, quantities(line1=2))

    assert state(order) == before
    assert edit(order, quantities(line1=3)).after["promised_on"] > late.isoformat()


def test_what_an_edit_takes_from_a_line_that_was_not_named_is_said_beside_it(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 150})
    Warehouse.objects.filter(pk=shop.munich.pk).update(active=False)
    pricing.forget()
    shown = orders.preview_change(order.pk, quantities(line1=3))
    assert [(one["pointer"], one["code"], one["position"]) for one in shown.refusals] == [
        ("/lines", "insufficient_stock", "2")
    ]


def test_an_edit_that_nobody_has_to_approve_waits_for_nobody(shop: Shop) -> None:
    order = confirmed_order()
    change = edit(order, quantities(line1=3))
    passed = EventRecord.objects.filter(subject_type="orders.orderchange", subject_id=str(change.pk)).order_by("id")
    assert list(passed.values_list("source", "target")) == [("draft", "approved"), ("approved", "applied")]


def test_who_lives_at_the_new_address_is_found_by_it(shop: Shop) -> None:
    order = confirmed_order()
    moved = PostalAddress(name="Ada", line1="Gartenweg 7", postal_code="20095", city="Hamburg", country="DE")

    edit(order, Wish(shipping_address=moved))

    assert anew(order).address_key == address_key(moved) == "DE:20095:7"


def test_a_line_grows_at_the_price_that_was_agreed_and_the_preview_says_what_a_list_says_today(shop: Shop) -> None:
    order = confirmed_order()
    tier = Price.objects.get(product=shop.mug, min_quantity=1)
    tier.pk, tier.min_quantity, tier.amount = None, 6, Decimal("4.50")
    tier.save()
    pricing.forget()
    shown = orders.preview_change(order.pk, quantities(line1=6))
    assert shown.prices == (PriceKept(name="Red mug", units=6, agreed=Decimal(5), today=Decimal("4.5")),)
    assert Decimal(shown.after["subtotal"]) - Decimal(shown.before["subtotal"]) == 20
    assert orders.preview_change(order.pk, quantities(line1=1)).prices == ()
    edit(order, quantities(line1=6))
    assert OrderLine.objects.get(order=order, position=1).unit_price == 5
