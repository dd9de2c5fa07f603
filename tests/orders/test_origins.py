"""Goods come from no country from which they would be taxed otherwise than was agreed, whoever chooses the place."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing import services as billing
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from inventory import services as inventory
from inventory.errors import InsufficientStock, NotReroutable
from inventory.models import Allocation
from orders import decision_words, services
from orders.errors import InvalidOrder, NothingToTake
from orders.models import Order
from orders.wishes import Wish
from pricing import services as pricing
from pricing.models import Channel, DistanceSales
from tests.factories.billing import make_seller
from tests.factories.catalog import make_warehouse, stock_of
from tests.orders.rulesets import active, rule
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
WARSAW = PostalAddress(name="Ewa", line1="Ulica 3", city="Warszawa", postal_code="00-001", country="PL")
LYON = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
ZURICH = PostalAddress(name="Urs", line1="Gasse 3", city="Zürich", postal_code="8001", country="CH")
ALIKE, OTHERWISE = (["WAW"], None), (["HAM"], {"why": "tax"})


@pytest.fixture
def warsaw(shop):
    """Return a warehouse in Poland, nearest to everybody, of a German seller who is registered there."""
    make_seller(vat_registrations={})
    billing.change_entity(
        billing.ensure_default_entity().pk, {"vat_registrations": {"PL": "PL5260001246"}}, actor=SYSTEM
    )
    found = make_warehouse("WAW", country="PL", priority=1)
    units = {shop.mug.pk: 50, shop.tea.pk: 50}
    inventory.receive_stock(warehouse_id=found.pk, units=units, reference="x", actor=SYSTEM)
    pricing.forget()
    active(rule("prefer", "WAW"))
    return found


def firm(vat_id):
    given = customers.CustomerInput(name="Eva", company="Laden", email=f"{vat_id}@example.com", vat_id=vat_id)
    return customers.create_customer(given, actor=SYSTEM).pk


def taxed(way):
    DistanceSales.objects.create(valid_from="2020-01-01", way=way)
    pricing.forget()


def served(order):
    places = Allocation.objects.filter(reservation=order.reservation_id, quantity__gt=0)
    tied = sorted({one.stock_item.warehouse.code for one in places if one.open})
    return tied, anew(order).sourcing.get("excluded", {}).get("WAW")


def test_a_firm_at_home_is_served_from_home_because_abroad_it_would_be_an_intra_community_supply(shop, warsaw):
    order = placed_order(customer_id=firm("DE136695976"))

    assert served(order) == OTHERWISE
    assert {line.tax_category for line in order.lines.all()} == {"S"}
    assert decision_words.why_not(order.sourcing["excluded"]["WAW"]) == "other tax would be due than was agreed"


@pytest.mark.parametrize(
    ("vat_id", "address", "category", "outcome"),
    [
        ("PL5260001246", WARSAW, "K", OTHERWISE),  # from Warsaw it is sold within Poland
        ("FR40303265045", LYON, "K", ALIKE),
        ("", WARSAW, "S", ALIKE),
        ("", LYON, "S", ALIKE),
        ("", None, "S", ALIKE),  # from Warsaw to a consumer in Berlin: taxed in Germany
        ("", ZURICH, "G", ALIKE),
    ],
)
def test_who_buys_and_where_it_goes_decide_whether_abroad_it_is_taxed_alike(
    shop, warsaw, vat_id, address, category, outcome
):
    given = {"customer_id": firm(vat_id)} if vat_id else {}
    given |= {"shipping_address": address} if address else {}

    order = placed_order({"MUG-RED": 1}, **given)

    assert [line.tax_category for line in order.lines.all()] == [category]
    assert served(order) == outcome


def test_the_threshold_is_for_what_leaves_home_alone(shop, warsaw):
    taxed("at_home")

    assert served(placed_order({"MUG-RED": 1}, shipping_address=LYON)) == OTHERWISE
    assert served(placed_order({"MUG-RED": 1})) == ALIKE
    found = services.availability(sku="MUG-RED", quantity=1, country="FR", method="standard", channel="api")
    assert [parcel["warehouse"] for parcel in found.parcels] == ["HAM"]


def test_what_lies_abroad_alone_is_short_for_a_firm_at_home(shop, warsaw):
    with pytest.raises(InsufficientStock):
        placed_order({"MUG-RED": 201}, customer_id=firm("DE136695976"))

    assert not Order.objects.exists()
    assert not Allocation.objects.exists()


def test_fresh_units_abroad_are_given_to_none_who_would_be_taxed_otherwise(shop, warsaw):
    inventory.update_product(shop.mug.pk, {"backorder": True}, actor=SYSTEM)
    waits = placed_order({"MUG-RED": 203}, customer_id=firm("DE136695976"), allow_shortage=True)

    assert services.fill_backorders([shop.mug.pk]) == 0
    with pytest.raises(NothingToTake):
        services.fill_from(waits.pk, warehouse_id=warsaw.pk, reason="In a hurry", actor=SYSTEM)
    assert [line.backordered for line in waits.lines.all()] == [3]
    assert stock_of(shop.mug, "WAW").reserved == 0


def test_nobody_moves_work_to_where_it_would_be_taxed_otherwise(shop, warsaw):
    order = confirmed_order({"MUG-RED": 1}, customer_id=firm("DE136695976"))
    fulfillment.plan_fulfillment(order.pk, actor=SYSTEM)
    (work,) = order.fulfillment_orders.all()

    with pytest.raises(NotReroutable, match="other tax would be due"):
        fulfillment.reroute_fulfillment(work.pk, warehouse_id=warsaw.pk, reason="Full", actor=SYSTEM)

    assert served(order) == OTHERWISE


def test_an_edit_that_makes_it_taxed_otherwise_brings_its_goods_home(shop, warsaw):
    taxed("at_home")
    order = placed_order({"MUG-RED": 1})
    assert served(order) == ALIKE

    services.amend_order(
        order.pk, Wish(shipping_address=LYON), expected_version=order.version, reason="Moved", actor=SYSTEM
    )

    assert served(order)[0] == ["HAM"]
    assert stock_of(shop.mug, "WAW").reserved == 0


def test_goods_without_tax_that_are_billed_on_one_paper_leave_home(shop, warsaw):
    Channel.objects.filter(code="api").update(invoice_policy=Channel.InvoicePolicy.PER_ORDER)
    pricing.forget()

    assert served(placed_order({"MUG-RED": 1}, customer_id=firm("FR40303265045"), shipping_address=LYON)) == OTHERWISE
    assert served(placed_order({"MUG-RED": 1}, shipping_address=LYON)) == ALIKE


def test_a_shop_abroad_sells_what_is_taxed_there_as_its_channel_sells_it(shop, warsaw):
    over_the_counter = {"handed_over_at": "WAW", "shipping_method": "", "shipping_address": None}
    with pytest.raises(InvalidOrder, match="other tax is due") as refused:
        placed_order({"MUG-RED": 1}, customer_id=firm("PL5260001246"), **over_the_counter)
    assert [(one["pointer"], one["code"]) for one in refused.value.errors] == [("/handed_over_at", "taxed_otherwise")]
    assert not Order.objects.exists()

    sold = placed_order({"MUG-RED": 1}, **over_the_counter)
    assert [(line.tax_category, line.tax_rate) for line in sold.lines.all()] == [("S", Decimal("0.2300"))]


def test_abroad_without_a_registration_nothing_leaves_with_rules_or_without(shop):
    make_seller()
    vienna = make_warehouse("WIE", country="AT", priority=1)
    inventory.receive_stock(warehouse_id=vienna.pk, units={shop.mug.pk: 5}, reference="x", actor=SYSTEM)
    pricing.forget()

    order = placed_order({"MUG-RED": 1})

    assert served(order)[0] == ["HAM"]
    assert order.sourcing["excluded"] == {"WIE": {"why": "not_registered", "country": "AT"}}


def test_what_was_agreed_long_ago_left_from_wherever_it_did(shop, warsaw):
    then = datetime(2011, 3, 4, 11, tzinfo=UTC)

    order = placed_order({"MUG-RED": 1}, customer_id=firm("DE136695976"), historic=True, placed_at=then)

    assert served(order) == ALIKE
