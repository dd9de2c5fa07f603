"""Goods that are here are taken back and refunded on one page, which says first what it will do."""

from decimal import Decimal

import pytest
from django.urls import reverse

from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from core.actors import SYSTEM
from core.models import OutgoingMail
from inventory.models import StockItem
from orders.models import Order, OrderLine
from returns.models import ReturnRequest
from tests.billing.test_credit_doors import mark_of
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "all_is_true")]


@pytest.fixture
def paid(seller, run_debts):
    order = place()
    ship_all(order)
    run_debts()
    billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="till", actor=SYSTEM)
    run_debts()
    OutgoingMail.objects.all().delete()
    return Order.objects.get(pk=order.pk)


def on_hand(sku):
    return sum(StockItem.objects.filter(product__sku=sku).values_list("on_hand", flat=True))


def hidden(page, units, **more):
    return {"disposition": "restock", "reason": "", "shown": mark_of(page), **units, **more}


def test_all_of_it_is_proposed_shown_and_done_at_once(staff, paid, seller, run_debts):
    address = reverse("admin:returns_order_do", args=[paid.pk, "refund"])
    assert address in staff.get(reverse("admin:orders_order_change", args=[paid.pk])).content.decode()
    shown = staff.get(address).content.decode()
    for said in ("2 × Red mug: back to stock", "with delivery charges", "€22.06 goes back", "ada@example.com gets"):
        assert said in shown
    before = on_hand("MUG-RED")
    units = {f"units_{line.pk}": line.quantity for line in OrderLine.objects.filter(order=paid)}
    sent = hidden(shown, units, warehouse=seller.hamburg.pk, with_charges="on")
    assert staff.post(address, sent).status_code == 302
    run_debts()
    assert (Refund.objects.get().amount, Refund.objects.get().status) == (Decimal("22.06"), "succeeded")
    assert (Invoice.objects.get().status, CreditNote.objects.get().total) == ("cancelled", Decimal("22.06"))
    assert (on_hand("MUG-RED"), ReturnRequest.objects.get().status) == (before + 2, "closed")
    subjects = " ".join(OutgoingMail.objects.values_list("kind", flat=True))
    assert "return_authorized" not in subjects
    assert "return_requested" not in subjects

    # A second click finds nothing left to take back.
    assert "left" in staff.post(address, sent).content.decode() or staff.post(address, sent).status_code == 409
    assert Refund.objects.count() == 1


def test_one_damaged_unit_is_scrapped_and_what_is_shown_changes_with_what_is_chosen(staff, paid, seller, run_debts):
    address = reverse("admin:returns_order_do", args=[paid.pk, "refund"])
    mug, tea = OrderLine.objects.filter(order=paid).order_by("position")
    shown = staff.get(f"{address}?only={mug.pk}").content.decode()
    assert "2 × Red mug: back to stock" in shown
    assert "Green tea" not in shown.split("What will happen")[1].split("</ul>")[0]
    units = {f"units_{mug.pk}": 1, f"units_{tea.pk}": 0}
    sent = hidden(shown, units, warehouse=seller.hamburg.pk, disposition="scrap", reason="Broken")
    again = staff.post(address, sent).content.decode()
    assert "1 × Red mug: scrap" in again
    assert "A credit note over €5.95." in again
    assert not CreditNote.objects.exists()
    before = on_hand("MUG-RED")
    assert staff.post(address, {**sent, "shown": mark_of(again)}).status_code == 302
    # A second click finds another state than was shown, although its sentences are the same.
    assert "Look again" in staff.post(address, {**sent, "shown": mark_of(again)}).content.decode()
    run_debts()
    assert (CreditNote.objects.get().total, CreditNote.objects.get().reason) == (Decimal("5.95"), "Broken")
    assert (Refund.objects.get().amount, on_hand("MUG-RED")) == (Decimal("5.95"), before)


def test_nothing_is_refused_beside_the_form_and_others_may_not(staff, paid, seller, client):
    address = reverse("admin:returns_order_do", args=[paid.pk, "refund"])
    units = {f"units_{line.pk}": 0 for line in OrderLine.objects.filter(order=paid)}
    answer = staff.post(address, {"disposition": "restock", "warehouse": seller.hamburg.pk, **units})
    assert "Say how many units are here." in answer.content.decode()
    too_many = {**units, next(iter(units)): 9}
    answer = staff.post(address, {"disposition": "restock", "warehouse": seller.hamburg.pk, **too_many})
    assert "errorlist" in answer.content.decode()
    assert client.get(address).status_code in (302, 403)
    assert not CreditNote.objects.exists()
