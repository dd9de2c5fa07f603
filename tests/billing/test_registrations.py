"""An invoice bears the seller's VAT id of the country that its goods leave from."""

import pytest

from billing import services as billing
from billing.models import CreditNote, Invoice, LegalEntity
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from inventory.models import Allocation, Warehouse
from tests.factories.billing import again, place
from tests.scenarios import run_debts

pytestmark = pytest.mark.django_db
WIEN = PostalAddress(name="Eva", line1="Ring 3", city="Wien", postal_code="1010", country="AT")


def test_goods_from_a_warehouse_abroad_are_billed_under_the_id_of_that_country(seller, shop):
    LegalEntity.objects.update(vat_registrations={"AT": "ATU13585627"})
    Warehouse.objects.filter(pk=shop.munich.pk).update(country="AT")
    order = place({"MUG-RED": 1}, shipping_address=WIEN)
    tied = Allocation.objects.get(reservation=again(order).reservation_id)
    Warehouse.objects.exclude(pk=tied.stock_item.warehouse_id).update(country="DE")
    Warehouse.objects.filter(pk=tied.stock_item.warehouse_id).update(country="AT")
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    assert invoice.seller["vat_id"] == "ATU13585627"
    assert b">ATU13585627<" in billing.invoice_xml(invoice.pk)[1]

    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()
    assert CreditNote.objects.get().seller["vat_id"] == "ATU13585627"


def test_goods_from_home_or_from_several_countries_are_billed_under_the_own_id(seller, shop):
    LegalEntity.objects.update(vat_registrations={"AT": "ATU13585627"})
    order = place({"MUG-RED": 1, "TEA-1": 1}, shipping_address=WIEN)
    assert billing.invoice_order(order.pk, actor=SYSTEM).seller["vat_id"] == "DE123456788"
    assert Invoice.objects.count() == 1
