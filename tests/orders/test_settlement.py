"""How an order moves on: every guard, and everything that moves it by itself."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from core.errors import TransitionRefused
from core.models import EventRecord
from orders import services
from orders.models import Order, OrderException
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


def units(order: Order, share: int | None = None) -> dict[int, int]:
    return {line.pk: share or line.quantity for line in order.lines.all()}


def shipped(order: Order) -> Order:
    services.record_release(order.pk, actor=SYSTEM)
    return services.record_shipment(order.pk, reference="SH-1", quantities=units(order), actor=SYSTEM)


def delivered(order: Order) -> Order:
    shipped(order)
    return services.record_delivery(order.pk, reference="SH-1", quantities=units(order), actor=SYSTEM)


def invoiced(order: Order) -> Order:
    return services.record_invoice(
        order.pk, reference="INV-1", quantities=units(order), charges=[1], total=order.total, actor=SYSTEM
    )


# --- guards -----------------------------------------------------------------------------------


def test_verify_wants_every_check_passed_or_waived(shop):
    order = placed_order(expected_total=Decimal(1))

    with pytest.raises(TransitionRefused, match="The sender expects 1.00 EUR, we make it 22.06 EUR"):
        services.verify_order(order.pk, actor=SYSTEM)


def test_confirm_wants_the_payment(shop):
    with pytest.raises(TransitionRefused, match="Waiting for payment of €22.06") as refused:
        services.confirm_order(placed_order().pk, actor=SYSTEM)
    assert refused.value.details == {"status": "verified", "transition": "confirm"}


def test_release_wants_stock(shop):
    make_priced_product("RARE", "9.00", backorder=True)
    order = confirmed_order({"RARE": 1})

    with pytest.raises(TransitionRefused, match="Waiting for stock"):
        services.record_release(order.pk, actor=SYSTEM)


def test_release_respects_ship_complete(shop):
    make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 1})
    order = confirmed_order({"RARE": 2}, ship_complete=True)

    with pytest.raises(TransitionRefused, match="Ships complete only; waiting for the rest of the stock"):
        services.record_release(order.pk, actor=SYSTEM)


def test_a_part_may_leave_where_nobody_asked_for_all_at_once(shop):
    make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 1})

    assert services.record_release(confirmed_order({"RARE": 2}).pk, actor=SYSTEM).status == "fulfilling"


def test_release_wants_no_hold(shop):
    order = confirmed_order()
    services.place_hold(order.pk, reason="Call the customer first", actor=SYSTEM)

    with pytest.raises(TransitionRefused, match="Call the customer first"):
        services.record_release(order.pk, actor=SYSTEM)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (shipped, "Not everything has been delivered"),
        (delivered, "Not everything has been invoiced"),
        (lambda order: invoiced(delivered(order)), "22.06 EUR not paid yet"),
    ],
)
def test_complete_wants_delivery_invoice_and_payment(shop, build, reason):
    order = build(confirmed_order())

    with pytest.raises(TransitionRefused, match=reason):
        services.complete_order(order.pk, actor=SYSTEM)


def test_complete_wants_nothing_open(shop):
    order = confirmed_order()
    services.open_exception(category="late", title="Late", dedupe_key="late:1", order_id=order.pk)
    invoiced(delivered(order))

    with pytest.raises(TransitionRefused, match="An exception is open"):
        services.complete_order(paid(order).pk, actor=SYSTEM)
    services.close_exception(OrderException.objects.get().pk, resolution="solved", actor=SYSTEM)
    assert anew(order).status == "completed"


def test_complete_wants_no_open_return(shop):
    order = invoiced(delivered(confirmed_order()))
    services.record_return_request(order.pk, open_returns_delta=1, actor=SYSTEM)

    with pytest.raises(TransitionRefused, match="A return is open"):
        services.complete_order(paid(order).pk, actor=SYSTEM)


def test_cancel_wants_everything_in_the_building(shop):
    with pytest.raises(TransitionRefused, match="Goods have already left the building"):
        services.cancel_order(shipped(confirmed_order()).pk, reason="too late", actor=SYSTEM)


def test_a_step_that_is_not_next_is_refused(shop):
    order = confirmed_order()

    with pytest.raises(TransitionRefused, match="Order cannot verify while confirmed"):
        services.verify_order(order.pk, actor=SYSTEM)
    assert anew(order).version == order.version


def test_completed_is_final(shop):
    order = paid(invoiced(delivered(confirmed_order())))

    assert order.status == "completed"
    with pytest.raises(TransitionRefused):
        services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)


# --- by itself ----------------------------------------------------------------------------------


def test_the_payment_confirms_the_order_and_dates_its_lines(shop):
    order = placed_order()

    paid(order)

    order = anew(order)
    assert (order.status, order.payment_status, order.balance_due) == ("confirmed", "paid", 0)
    assert order.promised_on == order.first_promised_on is not None
    assert {line.promised_on for line in order.lines.all()} == {order.promised_on}
    assert order.payment_due_at is None


def test_an_authorization_is_enough(shop):
    order = placed_order()

    services.record_payment(order.pk, authorized=order.total, paid=Decimal(0), refunded=Decimal(0), actor=SYSTEM)

    assert (anew(order).status, anew(order).payment_status) == ("confirmed", "authorized")


def test_a_part_of_the_payment_is_not(shop):
    order = paid(placed_order(), Decimal("22.05"))

    assert (order.status, order.why_not("confirm")) == ("verified", "Waiting for payment of €0.01")


def test_the_last_unit_fulfills_and_the_last_fact_completes(shop):
    order = paid(placed_order())
    services.record_release(order.pk, actor=SYSTEM)
    mug, tea = order.lines.all()

    services.record_shipment(order.pk, reference="SH-1", quantities={mug.pk: 2}, actor=SYSTEM)
    assert (anew(order).status, anew(order).fulfillment_status) == ("fulfilling", "partially_shipped")
    services.record_shipment(order.pk, reference="SH-2", quantities={tea.pk: 1}, actor=SYSTEM)
    assert (anew(order).status, anew(order).fulfillment_status) == ("fulfilled", "shipped")
    services.record_delivery(order.pk, reference="SH-1", quantities={mug.pk: 2}, actor=SYSTEM)
    services.record_delivery(order.pk, reference="SH-2", quantities={tea.pk: 1}, actor=SYSTEM)
    assert (anew(order).status, anew(order).fulfillment_status) == ("fulfilled", "delivered")
    invoiced(order)

    order = anew(order)
    assert (order.status, order.invoice_status, order.invoiced_total) == ("completed", "invoiced", order.total)
    steps = EventRecord.objects.filter(subject_id=order.pk, transition__gt="").order_by("pk")
    assert list(steps.values_list("transition", flat=True)) == [
        "place", "verify", "confirm", "release", "fulfill", "complete",
    ]  # fmt: skip


def test_a_second_warehouse_releases_nothing_anew(shop):
    order = confirmed_order()

    first = services.record_release(order.pk, actor=SYSTEM)
    again = services.record_release(order.pk, actor=SYSTEM)

    assert (again.status, again.version) == ("fulfilling", first.version)


def test_late_money_for_a_cancelled_order_is_put_before_a_person(shop):
    order = placed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    paid(order)

    order = anew(order)
    assert (order.status, order.balance_due, order.open_exceptions) == ("cancelled", Decimal("-22.06"), 1)
