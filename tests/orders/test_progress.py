"""What the floors above report: units, money, and what cannot be."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from core.errors import Conflict
from orders import services
from orders.errors import QuantityMismatch, UnknownOrder
from orders.models import Movement, Order
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop) -> Order:
    order = confirmed_order()
    services.record_release(order.pk, actor=SYSTEM)
    return order


def ship(order: Order, **units: int) -> Order:
    return services.record_shipment(order.pk, reference="SH-1", quantities=by_sku(order, **units), actor=SYSTEM)


def by_sku(order: Order, **units: int) -> dict[int, int]:
    ids = {line.sku.partition("-")[0].lower(): line.pk for line in order.lines.all()}
    return {ids[name]: number for name, number in units.items()}


def test_a_shipment_moves_units_from_promised_to_shipped(order):
    ship(order, mug=2)

    mug, tea = anew(order).lines.all()
    assert (mug.shipped, mug.allocated, tea.shipped, tea.allocated) == (2, 0, 0, 1)
    movement = Movement.objects.get()
    assert (movement.line, movement.kind, movement.quantity, movement.reference) == (mug, "shipped", 2, "SH-1")


def test_no_more_can_leave_than_was_ordered(order):
    with pytest.raises(QuantityMismatch) as refused:
        ship(order, mug=3)

    assert refused.value.details == {"sku": "MUG-RED", "kind": "shipped", "quantity": 3}
    assert not Movement.objects.exists()


def test_lines_of_others_are_no_lines_of_this_order(order):
    with pytest.raises(QuantityMismatch, match="has no line"):
        services.record_shipment(order.pk, reference="SH-1", quantities={0: 1}, actor=SYSTEM)


def test_nothing_leaves_before_work_began(shop):
    with pytest.raises(Conflict, match="is not being fulfilled"):
        ship(confirmed_order(), mug=1)


def test_no_more_can_arrive_than_left(order):
    ship(order, mug=1)

    with pytest.raises(QuantityMismatch):
        services.record_delivery(order.pk, reference="SH-1", quantities=by_sku(order, mug=2), actor=SYSTEM)


def test_no_more_can_be_invoiced_than_was_ordered(order):
    with pytest.raises(QuantityMismatch):
        services.record_invoice(
            order.pk, reference="INV-1", quantities=by_sku(order, mug=3), total=Decimal(1), actor=SYSTEM
        )


def test_invoices_add_up(order):
    services.record_invoice(
        order.pk, reference="INV-1", quantities=by_sku(order, mug=2), total=Decimal("11.90"), actor=SYSTEM
    )
    assert (anew(order).invoice_status, anew(order).invoiced_total) == ("partially_invoiced", Decimal("11.90"))

    services.record_invoice(
        order.pk,
        reference="INV-2",
        quantities=by_sku(order, tea=1),
        charges=[1],
        total=Decimal("10.16"),
        actor=SYSTEM,
    )
    assert (anew(order).invoice_status, anew(order).invoiced_total) == ("invoiced", Decimal("22.06"))


def test_a_credit_reduces_what_is_owed(order):
    services.record_invoice(
        order.pk, reference="INV-1", quantities=by_sku(order, mug=2), total=Decimal("11.90"), actor=SYSTEM
    )

    services.record_credit(
        order.pk, reference="CN-1", quantities=by_sku(order, mug=1), total=Decimal("5.95"), actor=SYSTEM
    )

    assert (anew(order).credited_total, anew(order).balance_due) == (Decimal("5.95"), Decimal("16.11"))
    assert [line.credited for line in anew(order).lines.all()] == [1, 0]


def test_a_return_is_claimed_authorized_and_taken_back(order):
    ship(order, mug=2, tea=1)

    services.record_return_request(
        order.pk, open_returns_delta=1, authorized=by_sku(order, mug=2), reference="RMA-1", actor=SYSTEM
    )
    assert (anew(order).open_returns, anew(order).return_status) == (1, "requested")
    with pytest.raises(QuantityMismatch):
        services.record_return_request(order.pk, authorized=by_sku(order, mug=1), actor=SYSTEM)

    services.record_return_request(order.pk, authorized=by_sku(order, mug=-1), actor=SYSTEM)
    services.record_return_request(
        order.pk, open_returns_delta=-1, returned=by_sku(order, mug=1), reference="RMA-1", actor=SYSTEM
    )
    order = anew(order)
    assert (order.open_returns, order.return_status) == (0, "partially_returned")
    assert [(line.return_authorized, line.returned) for line in order.lines.all()] == [(1, 1), (0, 0)]


def test_a_refund_settles_a_credit(order):
    pay = {"authorized": Decimal(0), "paid": order.total, "actor": SYSTEM}
    services.record_payment(order.pk, refunded=Decimal(0), **pay)
    services.record_credit(order.pk, reference="CN-1", quantities={}, total=Decimal("5.00"), actor=SYSTEM)
    assert (anew(order).payment_status, anew(order).balance_due) == ("overpaid", Decimal("-5.00"))

    services.record_payment(order.pk, refunded=Decimal("5.00"), **pay)

    assert (anew(order).payment_status, anew(order).balance_due) == ("partially_refunded", 0)


def test_reports_about_nothing_are_refused(db):
    with pytest.raises(UnknownOrder):
        services.record_release(1, actor=SYSTEM)


@pytest.mark.parametrize(
    ("report", "statements"),
    [
        (lambda order: ship(order, mug=2, tea=1), 7),
        (
            lambda order: services.record_credit(
                order.pk, reference="C", quantities={}, total=Decimal(1), actor=SYSTEM
            ),
            3,
        ),
    ],
)
def test_reports_need_few_statements(order, report, statements, django_assert_num_queries):
    with django_assert_num_queries(statements + 2, info="and a savepoint"):
        report(order)
