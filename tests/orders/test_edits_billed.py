"""What is billed in advance and not wanted any more: taken back by a credit note, and paid back, to the cent."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from core.actors import SYSTEM
from fulfillment import services as fulfillment
from orders import services as orders
from orders.errors import ChangeRefused
from orders.models import Order, OrderLine
from orders.wishes import LineWish, Wish
from tests.factories.billing import make_seller
from tests.factories.shop import Shop
from tests.orders.test_edits import broken, edit, quantities
from tests.scenarios import anew, placed_order, run_debts

pytestmark = pytest.mark.django_db


@pytest.fixture
def billed(shop: Shop) -> Order:
    """Return an order that is paid and billed before anything has left: four mugs and two teas."""
    make_seller()
    order = placed_order({"MUG-RED": 4, "TEA-1": 2})
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    run_debts()
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    return anew(order)


def settled(order: Order) -> tuple[Decimal, Decimal]:
    """Return what was credited and what was paid back, after all that follows."""
    run_debts()
    notes = CreditNote.objects.filter(order=order, number__isnull=False)
    assert broken() == []
    assert anew(order).balance_due == 0
    paid_back = sum((one.amount for one in Refund.objects.filter(order=order)), start=Decimal(0))
    return sum((one.total for one in notes), start=Decimal(0)), paid_back


def test_fewer_than_is_billed_are_credited_and_paid_back(billed: Order) -> None:
    wish = quantities(line1=3)
    shown = orders.preview_change(billed.pk, wish)
    assert shown.refusals == ()
    assert (shown.to_credit, shown.to_refund) == (Decimal("5.95"), Decimal("5.95"))
    assert Decimal(shown.before["total"]) - Decimal(shown.after["total"]) == Decimal("5.95")
    assert not CreditNote.objects.exists()

    change = edit(billed, wish)
    mug = OrderLine.objects.get(order=billed, position=1)
    assert (mug.quantity, mug.cancelled, mug.invoiced, mug.credited) == (4, 1, 4, 1)
    note = CreditNote.objects.get()
    assert (note.total, note.reference, bool(note.number)) == (Decimal("5.95"), f"edit-{change.number}", True)
    assert anew(billed).cancelled_total == 0
    assert (change.before["total"], change.after["total"]) == (shown.before["total"], shown.after["total"])
    assert settled(billed) == (Decimal("5.95"), Decimal("5.95"))

    # What was credited comes back with another order only.
    assert [one["code"] for one in orders.preview_change(billed.pk, quantities(line1=4)).refusals] == ["invoiced"]
    with pytest.raises(ChangeRefused):
        edit(billed, quantities(line1=4))

    # All of the rest leaves without another invoice.
    fulfillment.fulfil_through(billed.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert Invoice.objects.filter(order=billed).count() == 1
    assert settled(billed) == (Decimal("5.95"), Decimal("5.95"))


def test_step_by_step_or_at_once_the_same_is_credited(billed: Order) -> None:
    for wish in (quantities(line1=2), quantities(line2=1), quantities(line1=1)):
        edit(billed, wish)
        run_debts()
    stepwise, paid_back = settled(billed)
    assert stepwise == paid_back == Decimal("22.35")
    assert Decimal(orders.preview_change(billed.pk, Wish()).before["total"]) == billed.total - stepwise
    orders.cancel_order(billed.pk, reason="done", actor=SYSTEM)
    assert settled(billed) == (billed.total, billed.total)


def test_a_line_that_is_not_wanted_at_all_any_more_is_credited_whole(billed: Order) -> None:
    edit(billed, Wish(lines=(LineWish(position=2, quantity=0),)))
    tea = OrderLine.objects.get(order=billed, position=2)
    assert (tea.cancelled, tea.credited) == (2, 2)
    assert settled(billed) == (tea.total, tea.total)
    assert [one["code"] for one in orders.preview_change(billed.pk, quantities(line1=0)).refusals] == ["required"]


def test_what_finance_has_credited_before_is_not_credited_again(billed: Order) -> None:
    mug = OrderLine.objects.get(order=billed, position=1)
    billing.credit_return(billed.pk, quantities={mug.pk: 1}, reference="BY-HAND", actor=SYSTEM)
    run_debts()
    shown = orders.preview_change(billed.pk, quantities(line1=3))
    assert (shown.refusals, shown.to_credit) == ((), 0)
    edit(billed, quantities(line1=3))
    assert settled(billed) == (Decimal("5.95"), Decimal("5.95"))
