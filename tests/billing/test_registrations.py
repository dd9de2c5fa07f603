"""An invoice bears the seller's VAT id of the country that its goods leave from."""

import pytest

from billing import services as billing
from billing.models import CreditNote, Invoice, LedgerEntry, LegalEntity
from core.actors import SYSTEM
from customers import services as customers
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


def test_the_tax_of_a_business_at_home_is_owed_at_home_wherever_its_goods_go(seller, shop):
    firm = customers.CustomerInput(name="Eva", company="Laden", email="eva@example.com", vat_id="DE136695976")
    known = customers.create_customer(firm, actor=SYSTEM)
    order = place({"MUG-RED": 1}, shipping_address=WIEN, customer_id=known.pk)
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    assert [(part["category"], part["rate"], part["country"]) for part in invoice.tax_breakdown] == [
        ("S", "0.1900", "DE")
    ]
    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()

    booked = LedgerEntry.objects.filter(account__kind__in=("revenue", "tax")).values_list("account__detail", flat=True)
    assert sorted(booked) == ["DE:0.1900", "DE:0.1900", "DE:S:0.1900", "DE:S:0.1900"]
    consumer = place({"TEA-1": 1}, shipping_address=WIEN)
    assert all("country" not in part for part in billing.invoice_order(consumer.pk, actor=SYSTEM).tax_breakdown)
