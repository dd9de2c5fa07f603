"""An invoice bears the seller's VAT id of the country that its goods leave from."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.errors import SeveralOrigins
from billing.models import CreditNote, Invoice, LedgerEntry, LegalEntity
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from inventory import services as inventory
from inventory.models import Allocation, Warehouse
from orders.errors import TaxedOtherwise
from pricing import services as pricing
from pricing.models import DistanceSales
from tests.billing.rewritings import rewrite
from tests.factories.billing import again, place, ship_all
from tests.factories.catalog import make_warehouse
from tests.orders.rulesets import active, rule
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


LYON = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
ZURICH = PostalAddress(name="Urs", line1="Gasse 3", city="Zürich", postal_code="8001", country="CH")
WARSZAWA = PostalAddress(name="Ewa", line1="Ulica 3", city="Warszawa", postal_code="00-001", country="PL")
HERE, THERE = "DE123456788", "PL5260001246"


@pytest.fixture
def warsaw(seller, shop):
    """Return a warehouse in Poland, asked before those at home, of a German seller who is registered there."""
    billing.change_entity(seller.pk, {"vat_registrations": {"PL": THERE}}, actor=SYSTEM)
    found = make_warehouse("WAW", country="PL")
    inventory.receive_stock(warehouse_id=found.pk, units={shop.mug.pk: 3}, reference="x", actor=SYSTEM)
    pricing.forget()
    active(rule("prefer", "WAW"))
    return found


def french_firm():
    given = customers.CustomerInput(name="Amélie", company="Port", email="a@example.com", vat_id="FR40303265045")
    return customers.create_customer(given, actor=SYSTEM).pk


def billed(order):
    """Let an order leave from where it was tied to, and return what its invoices say."""
    ship_all(again(order))
    run_debts()
    invoices = Invoice.objects.filter(order=order).order_by("pk")
    return [
        (
            [part["category"] for part in one.tax_breakdown],
            one.seller["vat_id"],
            sum(one.lines.values_list("quantity", flat=True)),
        )
        for one in invoices
    ]


def test_to_a_consumer_at_home_goods_from_abroad_bear_the_tax_and_the_id_of_home(warsaw):
    assert billed(place({"MUG-RED": 1}, shipping_price=Decimal(0))) == [(["S"], HERE, 1)]


def test_to_a_consumer_there_they_bear_the_id_of_there_and_from_home_that_of_the_one_stop_shop(warsaw, shop):
    DistanceSales.objects.create(valid_from="2020-01-01", way="one_stop_shop")
    pricing.forget()
    there = {"shipping_address": WARSZAWA, "shipping_price": Decimal(0)}

    assert billed(place({"MUG-RED": 3}, **there)) == [(["S"], THERE, 3)]
    assert billed(place({"TEA-1": 1}, **there)) == [(["S"], HERE, 1)]


def test_to_a_consumer_elsewhere_they_bear_the_id_of_the_one_stop_shop(warsaw):
    assert billed(place({"MUG-RED": 1}, shipping_address=LYON, shipping_price=Decimal(0))) == [(["S"], HERE, 1)]


def test_an_export_bears_the_id_of_the_country_that_it_leaves(warsaw):
    assert billed(place({"MUG-RED": 1}, shipping_address=ZURICH, shipping_price=Decimal(0))) == [(["G"], THERE, 1)]


def test_each_parcel_of_an_intra_community_supply_bears_the_id_of_the_country_that_it_leaves(warsaw):
    to_lyon = {"shipping_address": LYON, "shipping_price": Decimal(0), "customer_id": french_firm()}

    order = place({"MUG-RED": 203}, **to_lyon)

    assert sorted(billed(order)) == [(["K"], HERE, 100), (["K"], HERE, 100), (["K"], THERE, 3)]


def test_an_intra_community_supply_from_several_countries_is_not_billed_on_one_paper(warsaw):
    order = place({"MUG-RED": 203}, shipping_address=LYON, customer_id=french_firm())

    with pytest.raises(SeveralOrigins, match="bill them as they leave"):
        billing.invoice_order(order.pk, actor=SYSTEM)

    assert not Invoice.objects.exists()


def test_an_intra_community_supply_from_one_country_abroad_is_billed_in_advance_under_its_id(warsaw):
    order = place({"MUG-RED": 3}, shipping_address=LYON, customer_id=french_firm())

    assert billing.invoice_order(order.pk, actor=SYSTEM).seller["vat_id"] == THERE


def test_what_is_billed_in_advance_and_lies_nowhere_yet_leaves_from_home(warsaw, shop):
    inventory.update_product(shop.tea.pk, {"backorder": True}, actor=SYSTEM)
    order = place({"TEA-1": 201}, shipping_address=LYON, customer_id=french_firm(), allow_shortage=True)
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    assert invoice.seller["vat_id"] == HERE

    inventory.receive_stock(warehouse_id=warsaw.pk, units={shop.tea.pk: 5}, reference="y", actor=SYSTEM)
    run_debts()

    assert [line.backordered for line in again(order).lines.all()] == [1]
    assert again(place({"TEA-1": 1}, shipping_address=LYON)).sourcing["parcels"][0]["warehouse"] == "WAW"


def test_a_consumer_at_home_who_was_served_from_abroad_is_made_no_company_afterwards(warsaw):
    order = place({"MUG-RED": 1})
    ship_all(again(order))
    run_debts()

    with pytest.raises(TaxedOtherwise):
        rewrite(Invoice.objects.get(), vat_id="DE136695976")
    assert rewrite(Invoice.objects.get(), customer_name="Ada King").buyer["name"] == "Ada King"
