"""Rates of regions and of classes of customers, where orders are placed and changed; and another provider."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from orders import services as orders
from orders.models import Order
from orders.price_words import why_prices
from orders.wishes import Wish
from pricing import services as pricing
from pricing.calculation import TaxSituation
from pricing.calculation.treatment import TaxKey, Treatment
from pricing.models import TaxRate
from pricing.providers import check_tax_provider
from tests.factories.billing import again, place

pytestmark = pytest.mark.django_db
HOME = PostalAddress(name="Ada", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
MADRID = PostalAddress(name="Ana", line1="Calle 1", city="Madrid", postal_code="28001", country="ES")
TENERIFE = PostalAddress(name="Ana", line1="Calle 2", city="Arona", postal_code="38640", country="ES")


def taxes(order: Order) -> list[tuple[str, str]]:
    return [(part["category"], part["rate"]) for part in order.tax_breakdown]


@pytest.fixture
def catering(shop):
    """Enter a rate for a class of customers, and one for a region."""
    rate = {"tax_class": "standard", "valid_from": date(2020, 1, 1)}
    TaxRate.objects.create(country="DE", customer_class="catering", rate=Decimal("0.07"), **rate)
    TaxRate.objects.create(country="ES", region="ES-MD", rate=Decimal("0.18"), **rate)
    pricing.forget()


def test_islands_are_export_and_an_edit_that_moves_the_goods_there_says_so(shop):
    order = place({"MUG-RED": 2}, shipping_address=MADRID)
    assert taxes(order) == [("S", "0.21")]
    orders.amend_order(order.pk, Wish(shipping_address=TENERIFE), expected_version=order.version, actor=SYSTEM)
    moved = again(order)
    assert (taxes(moved), moved.tax_total) == ([("G", "0.00")], 0)
    assert "Tax: none, the VAT of the EU does not apply in ES-CN" in why_prices(moved).others
    orders.amend_order(order.pk, Wish(shipping_address=MADRID), expected_version=moved.version, actor=SYSTEM)
    assert (taxes(again(order)), again(order).total) == (taxes(order), order.total)


@pytest.mark.usefixtures("catering")
def test_a_class_of_customers_and_a_region_have_rates_of_their_own():
    given = customers.CustomerInput(name="Canteen", email="c@canteen.example", tax_class=" Catering ")
    canteen = customers.create_customer(given, actor=SYSTEM)
    served = place({"MUG-RED": 2}, customer_id=canteen.pk, customer_name="", email="", shipping_address=HOME)
    assert taxes(served) == [("S", "0.07")]
    assert taxes(place({"MUG-RED": 2}, shipping_address=HOME)) == [("S", "0.19")]
    named = PostalAddress(**{**MADRID.as_dict(), "region": "ES-MD"})
    assert taxes(place({"MUG-RED": 2}, shipping_address=named)) == [("S", "0.18")]
    # It was agreed as of their class then.
    customers.update_customer(canteen.pk, {"tax_class": ""}, actor=SYSTEM)
    orders.amend_order(served.pk, Wish(simple={"gift_note": "Hello"}), expected_version=served.version, actor=SYSTEM)
    assert taxes(again(served)) == [("S", "0.07")]


def test_rates_are_entered_with_region_and_class(admin_client, shop):
    page = reverse("admin:pricing_taxrate_add")
    form = {"country": "US", "region": "us-ca", "tax_class": "standard", "customer_class": "", "rate": "0.0725",
            "valid_from": "2026-01-01", "valid_to": ""}  # fmt: skip
    assert "A region begins with its country" in admin_client.post(page, {**form, "region": "DE-BY"}).content.decode()
    admin_client.post(page, form)
    made = TaxRate.objects.get(country="US")
    assert (made.region, made.customer_class, made.rate) == ("US-CA", "", Decimal("0.0725"))
    assert "US-CA" in admin_client.get(reverse("admin:pricing_taxrate_changelist") + "?q=US-CA").content.decode()


class Flat:
    """Somebody else's idea of tax."""

    def treat(self, tax: TaxSituation, supply: str) -> Treatment:
        return Treatment("flat", "S", tax.country, "Ten per cent everywhere")

    def key_for(self, treatment: Treatment, tax: TaxSituation, tax_class: str) -> TaxKey:
        return TaxKey("S", Decimal("0.10"))


def test_another_provider_takes_our_place_by_a_setting(shop, settings):
    settings.TAX_PROVIDER = f"{__name__}.Flat"
    order = place({"MUG-RED": 2, "TEA-1": 1}, shipping_address=TENERIFE)
    assert taxes(order) == [("S", "0.10")]
    assert order.tax_total == Decimal("2.41")
    assert [one["text"] for one in order.explanation if one["about"] == "tax"] == ["Ten per cent everywhere"]
    assert check_tax_provider(None) == []
    settings.TAX_PROVIDER = "nobody.There"
    assert [one.id for one in check_tax_provider(None)] == ["pricing.E001"]
    settings.TAX_PROVIDER = "builtins.dict"
    assert [one.id for one in check_tax_provider(None)] == ["pricing.E002"]


def test_the_islands_of_portugal_have_the_rates_that_are_entered_with_those_of_their_country(shop):
    def to(postal_code: str) -> PostalAddress:
        return PostalAddress(name="Ana", line1="Rua 1", city="Cidade", postal_code=postal_code, country="PT")

    found = [
        taxes(place({"MUG-RED": 2, "TEA-1": 1}, shipping_address=to(code)))
        for code in ("1000-001", "9000-123", "9500-321")
    ]
    assert found == [[("S", "0.23"), ("S", "0.13")], [("S", "0.22"), ("S", "0.12")], [("S", "0.16"), ("S", "0.09")]]
    # Who has entered rates of Portugal keeps those, and gets none beside them.
    TaxRate.objects.filter(country="PT").exclude(region="", tax_class="standard").delete()
    pricing.ensure_defaults(actor=SYSTEM)
    assert list(TaxRate.objects.filter(country="PT").values_list("region", "tax_class")) == [("", "standard")]
