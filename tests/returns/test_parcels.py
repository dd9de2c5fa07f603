"""A parcel that never arrived: its goods go out once more, or their money goes back, and the cost is said before."""

from decimal import Decimal as D

import pytest
from django.utils import timezone

from billing.models import CreditNote, Invoice, Refund
from core.models import EventRecord, OutgoingMail
from fulfillment import services as fulfillment
from fulfillment.models import Shipment
from orders import remedies
from orders import services as orders
from orders.errors import ExceptionNotOpen, SentAgainAlready
from orders.models import Order, OrderException, Replacement
from returns import services as returns
from returns.errors import ParcelElsewhere, PlaceMissing
from returns.models import ReturnRequest
from tests.factories.catalog import stock_of
from tests.factories.returns import MAYA, again, pay
from tests.scenarios import ADA, shipped_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_true")]
LIST = "/admin/orders/orderexception/"


def trouble(what=fulfillment.lose_shipment, *, paid=True, **given):
    """Return the exception of a paid order for two mugs and a tea whose only parcel never arrived."""
    order = shipped_order(**given)
    from core import outbox

    outbox.drain()
    if paid:
        pay(order)
    what(Shipment.objects.get(order=order).pk, actor=MAYA)
    outbox.drain()
    return OrderException.objects.select_related("order__channel").get(order=order)


def offered(exception):
    fresh = OrderException.objects.select_related("order__channel").get(pk=exception.pk)
    return {
        one.code: offer.sentences
        for one in remedies.for_kind(fresh.category)
        if (offer := remedies.offer_of(one, fresh)) is not None
    }


def test_what_was_lost_goes_out_again_as_a_linked_order_at_no_charge(seller, run_debts, staff):
    seller.mug.unit_cost = D("2.00")
    seller.mug.save(update_fields=["unit_cost"])
    lost = trouble()
    free = stock_of(seller.mug).available
    said = offered(lost)["send_again"]
    goods = "2 × MUG-RED, 1 × TEA-1"
    assert said[0] == f"{goods} goes out again as an order of its own at no charge, linked with this one."
    assert "sold for €16.40" in " ".join(said)
    page = f"{LIST}{lost.pk}/do/send_again/"
    shown = staff.get(page)
    assert shown.context_data["form"]["line1"].value() == "1 Main St"
    assert "warehouse" not in shown.context_data["form"].fields

    done = staff.post(page, {**ADA.as_dict(), "line1": "2 Other St"})
    run_debts()

    assert done.status_code == 302, done.context_data["form"].errors
    tie = Replacement.objects.get()
    sent, first = again(tie.order), again(lost.order)
    assert (tie.replaced, tie.reference) == (first, Shipment.objects.get(order=first).number)
    assert (sent.total, sent.balance_due, sent.status, sent.payment_terms) == (0, 0, "confirmed", "prepaid")
    assert {line.sku: line.quantity for line in sent.lines.all()} == {"MUG-RED": 2, "TEA-1": 1}
    assert (sent.email, sent.shipping_address["line1"], first.shipping_address["line1"]) == (
        "ada@example.com",
        "2 Other St",
        "1 Main St",
    )
    assert {check["name"] for check in sent.checks} <= {"complete", "address", "contact", "stock"}
    assert stock_of(seller.mug).available == free - 2
    lost.refresh_from_db()
    assert (lost.status, lost.resolution) == ("resolved", f"{sent.number} brings it once more")
    # Nobody waits for word of the parcel any more: it was paid, so it is closed.
    assert (first.status, first.total - first.credited_total, first.refunded_total) == ("completed", D("22.06"), 0)
    told = EventRecord.objects.filter(name__in=("orders.sent_again", "orders.stands_for")).order_by("pk")
    assert [(one.thread, one.payload["other"]) for one in told] == [
        (first.history_thread(), sent.number),
        (sent.history_thread(), first.number),
    ]
    assert OutgoingMail.objects.filter(kind="order_confirmed", thread=sent.history_thread()).count() == 1
    assert first.number in staff.get(f"/admin/orders/order/{sent.pk}/change/").content.decode()
    assert sent.number in staff.get(f"/admin/orders/order/{first.pk}/change/").content.decode()
    with pytest.raises(ExceptionNotOpen):
        returns.send_parcel_again(lost.pk, actor=MAYA)
    # Shipped and delivered like any other, it is closed without anybody paying.
    fulfillment.fulfil_through(sent.pk, through="delivered", actor=MAYA)
    run_debts()
    assert (again(sent).status, Invoice.objects.get(order=sent).total) == ("completed", 0)


def test_one_parcel_is_settled_once_whatever_its_exception_says(seller, run_debts):
    lost = trouble()
    returns.send_parcel_again(lost.pk, actor=MAYA)
    orders.reopen_exception(lost.pk, reason="they call", actor=MAYA)

    assert {"send_again", "refund_parcel"}.isdisjoint(offered(lost))
    for again_ in (returns.send_parcel_again, returns.refund_parcel):
        with pytest.raises(ParcelElsewhere):
            again_(lost.pk, actor=MAYA)
    parcel = Shipment.objects.get(order=lost.order)
    units = returns.units_in(parcel)
    with pytest.raises(SentAgainAlready):
        orders.send_units_again(lost.order_id, units=units, reference=str(parcel.number), actor=MAYA)
    # Given up, it brings nothing: then somebody may decide anew.
    orders.cancel_order(Replacement.objects.get().order_id, reason="they have it", actor=MAYA)
    assert {"send_again", "refund_parcel"} <= set(offered(lost))


def test_what_was_lost_is_paid_back_with_what_its_delivery_cost(seller, run_debts):
    lost = trouble()
    before = again(lost.order)
    assert offered(lost)["refund_parcel"][:2] == (
        "A credit note over €22.06, with delivery charges.",
        "€22.06 goes back to the customer.",
    )

    returns.refund_parcel(lost.pk, with_charges=True, actor=MAYA)
    run_debts()

    order = again(lost.order)
    assert (order.credited_total, order.refunded_total, order.balance_due) == (D("22.06"), D("22.06"), 0)
    assert (order.status, before.status) == ("completed", "fulfilled")
    (note,) = CreditNote.objects.filter(order=order)
    (refund,) = Refund.objects.filter(order=order)
    assert (note.total, refund.amount, refund.status) == (D("22.06"), D("22.06"), "succeeded")
    lost.refresh_from_db()
    assert (lost.status, lost.resolution) == ("resolved", "22.06 EUR goes back to the customer")
    orders.reopen_exception(lost.pk, reason="they call", actor=MAYA)
    with pytest.raises(ParcelElsewhere):
        returns.refund_parcel(lost.pk, actor=MAYA)


def test_who_has_not_paid_owes_less_for_what_was_lost(seller, run_debts):
    lost = trouble(paid=False)
    assert "No money goes back: the order was not paid, so the customer owes less." in offered(lost)["refund_parcel"]

    returns.refund_parcel(lost.pk, actor=MAYA)
    run_debts()

    order = again(lost.order)
    assert (order.credited_total, order.refunded_total) == (D("16.40"), 0)
    assert order.balance_due == D("22.06") - D("16.40")
    lost.refresh_from_db()
    assert lost.resolution == "It was credited: the customer owes less"


def test_what_came_back_is_on_its_shelf_again_before_it_goes_out_or_is_paid_back(seller, run_debts):
    shelf = stock_of(seller.mug).on_hand
    back = trouble(fulfillment.take_back_shipment)
    assert stock_of(seller.mug).on_hand == shelf - 2
    with pytest.raises(PlaceMissing):
        returns.send_parcel_again(back.pk, actor=MAYA)

    returns.send_parcel_again(back.pk, back=returns.Back(seller.hamburg.pk), actor=MAYA)

    item = stock_of(seller.mug)
    assert (item.on_hand, Replacement.objects.count()) == (shelf, 1)
    paid_back = trouble(fulfillment.take_back_shipment, email="bob@example.com")
    returns.refund_parcel(paid_back.pk, back=returns.Back(seller.hamburg.pk, "quarantine"), actor=MAYA)
    run_debts()
    order = again(paid_back.order)
    assert (order.return_status, order.refunded_total, order.status) == ("returned", D("16.40"), "completed")
    assert (ReturnRequest.objects.get().status, stock_of(seller.mug).quarantined) == ("closed", 2)
    orders.reopen_exception(paid_back.pk, reason="they call", actor=MAYA)
    with pytest.raises(ParcelElsewhere):
        returns.refund_parcel(paid_back.pk, back=returns.Back(seller.hamburg.pk), actor=MAYA)


def test_goods_that_are_not_there_wait_and_that_is_said_before(seller, run_debts):
    from inventory import services as inventory

    lost = trouble()
    for item in seller.mug.stock_items.all():
        if item.available:
            inventory.adjust_stock(stock_item_id=item.pk, change=-item.available, reason="-", actor=MAYA)

    assert "2 × MUG-RED is not in stock and waits." in offered(lost)["send_again"]
    returns.send_parcel_again(lost.pk, actor=MAYA)
    assert Replacement.objects.get().order.lines.get(sku="MUG-RED").backordered == 2


def test_what_arrives_after_all_is_put_before_a_person(seller, run_debts):
    lost = trouble()
    returns.refund_parcel(lost.pk, with_charges=True, actor=MAYA)
    run_debts()

    fulfillment.deliver_shipment(Shipment.objects.get(order=lost.order).pk, actor=MAYA)
    run_debts()

    (twice,) = OrderException.objects.filter(category="parcel_arrived_twice")
    assert (twice.order, again(lost.order).open_exceptions) == (lost.order, 1)


def test_who_may_place_no_order_sends_none_again(seller, run_debts, client, django_user_model):
    from core import roles

    lost = trouble()
    roles.ensure_roles()
    tom = django_user_model.objects.create_user("tom", is_staff=True)
    tom.groups.add(roles.group_of("finance"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    for code in ("send_again", "refund_parcel"):
        assert f"/do/{code}/" not in client.get(f"{LIST}{lost.pk}/change/").content.decode()
        assert client.post(f"{LIST}{lost.pk}/do/{code}/", {}).status_code == 403
    assert (Order.objects.count(), CreditNote.objects.count()) == (1, 0)


def test_what_somebody_writes_about_a_parcel_settles_nothing(seller):
    lost = trouble()
    parcel = Shipment.objects.get(order=lost.order)
    told = {"reason": f"Where is {parcel.number}?", "warehouse_id": seller.hamburg.pk, "at": timezone.now()}
    one = {lost.order.lines.get(sku="MUG-RED").pk: 1}
    returns.return_through(lost.order_id, quantities=one, actor=MAYA, **told)

    assert not returns.is_settled(parcel)
