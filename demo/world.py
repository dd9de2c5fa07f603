"""Kettle & Co. moves in: people, goods, places and customers, all through the services."""

import random
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from billing import services as billing
from core.actors import Actor
from core.api.keys import ALL, create_api_key
from core.looks import Look
from core.models import User
from core.saved_views import SHARE, save_view
from core.service import service
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from demo.catalogue import COMPANIES, FIRST, LAST, PREORDER, RELEASED_IN, TOWNS, VAT_IDS, Article, articles
from demo.models import DemoDatabase
from demo.people import PASSWORD, make_staff
from inventory import services as inventory
from inventory.models import StockItem, Warehouse
from pricing import services as pricing
from returns.models import ReturnPolicy

ACTOR = Actor("demo", "moving in")
OPENING_DAYS = 182
# The carriers have been to the two warehouses; what is sold in the shop is carried away.
LAST_PICKUP = time(15)
# More by a quarter than the catalogue says: that is sold in half a year.
SOLD_IN_HALF_A_YEAR = 4
AISLES = ("Tea", "Mugs", "Teapots", "Candles", "Gift sets", "Linen")
# When there are no more of it in Hamburg, it is ordered again.
REORDER_USUAL, REORDER_SCARCE = 60, 15
PLACES = (
    (
        "HAM",
        "Hamburg",
        10,
        False,
        PostalAddress(
            company="Kettle & Co.", line1="Speicherstraße 4", postal_code="20457", city="Hamburg", country="DE"
        ),
    ),
    (
        "MUC",
        "Munich",
        20,
        False,
        PostalAddress(company="Kettle & Co.", line1="Lagerweg 12", postal_code="81379", city="München", country="DE"),
    ),
    (
        "BER",
        "Berlin shop",
        30,
        True,
        PostalAddress(
            company="Kettle & Co.", line1="Kastanienallee 20", postal_code="10435", city="Berlin", country="DE"
        ),
    ),
)
SELLER = {
    "name": "Kettle & Co. GmbH",
    "address": {"line1": "Speicherstraße 4", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
    "vat_id": "DE123456788",
    "email": "hello@kettle.example",
    "phone": "+49 40 1234567",
    "bank_name": "Hafenbank",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
}
LOGO = Path(__file__).parent / "static" / "demo" / "kettle.svg"


def move_in() -> None:
    """Make everything that orders need. Each part is one transaction."""
    pricing.ensure_defaults(actor=ACTOR)
    seller = billing.ensure_default_entity(SELLER)
    billing.set_logo(seller.pk, LOGO.read_bytes(), actor=ACTOR)
    ReturnPolicy.objects.get_or_create(channel=None, defaults={"offers_credit": True})
    make_staff()
    _share_a_view()
    _make_places()
    goods = list(articles())
    _stock_up(goods)
    _label_the_shelves(goods)
    _make_customers(random.Random(7))  # noqa: S311 - the same company on every start
    _link_lena()
    state = DemoDatabase.objects.get()
    if not state.api_key:
        _key, plain = create_api_key("Integrator of the demo", scopes=[ALL], channels=["api"], actor=ACTOR)
        DemoDatabase.objects.update(api_key=plain)


def _share_a_view() -> None:
    """Let the manager share what the order desk opens first."""
    ada = User.objects.get(username="ada")
    manager = Actor("staff", "ada", frozenset({SHARE}))
    look = Look({"needs": ["shipping"]})
    save_view("orders.order", name="Paid, not shipped", look=look, shared=True, owner_id=ada.pk, actor=manager)


@service
def _make_places() -> None:
    for code, name, priority, last_resort, address in PLACES:
        inventory.create_warehouse(
            inventory.WarehouseInput(
                code=code,
                name=name,
                country="DE",
                address=address.as_dict(),
                priority=priority,
                last_resort=last_resort,
                last_pickup_at=None if last_resort else LAST_PICKUP,
            ),
            actor=ACTOR,
        )
    pricing.ensure_transits(actor=ACTOR)


@service
def _stock_up(goods: list[Article]) -> None:
    """Take the catalogue in, with its prices and the stock of half a year ago."""
    opened_at = timezone.now() - timedelta(days=OPENING_DAYS)
    released_on = timezone.localdate() + timedelta(days=RELEASED_IN)
    made = inventory.create_products(
        [
            inventory.ProductInput(
                sku=one.sku,
                name=one.name,
                names={"de": one.german},
                category=one.category,
                kind=one.kind,
                tax_class=one.tax_class,
                weight_grams=one.weight,
                image=one.image,
                backorder=one.backorder,
                unit_cost=one.unit_cost,
                release_on=released_on if one.sku == PREORDER else None,
                parts=one.parts,
            )
            for one in goods
        ],
        actor=ACTOR,
        at=opened_at,
    )
    ids = {product.sku: product.pk for product in made}
    for one in goods:
        pricing.set_price(ids[one.sku], amount=one.price, actor=ACTOR)
    for index, (code, *_rest) in enumerate(PLACES):
        units = {
            ids[one.sku]: one.units[index] + (one.units[index] // SOLD_IN_HALF_A_YEAR if one.sold_often else 0)
            for one in goods
            if one.units[index]
        }
        warehouse = Warehouse.objects.get(code=code)
        inventory.receive_stock(
            warehouse_id=warehouse.pk, units=units, kind="opening", reason="Opening stock", actor=ACTOR, at=opened_at
        )


@service
def _label_the_shelves(goods: list[Article]) -> None:
    """Give every shelf its bin, aisle by aisle, and Hamburg the points at which goods are ordered again."""
    shelves = {
        (item.product.sku, item.warehouse.code): item.pk
        for item in StockItem.objects.select_related("product", "warehouse")
    }
    for place, one in enumerate(one for one in goods if one.category in AISLES):
        aisle = "ABCDEF"[AISLES.index(one.category)]
        told: dict[str, Any] = {"bin": f"{aisle}-{place // 6 + 1:02}-{place % 6 + 1}"}
        for code in ("HAM", "MUC"):
            again = {"reorder_point": REORDER_USUAL if one.sold_often else REORDER_SCARCE} if code == "HAM" else {}
            if (shelf := shelves.get((one.sku, code))) is not None:
                inventory.update_shelf(shelf, told | again, actor=ACTOR)


@service
def _make_customers(dice: random.Random) -> None:
    """Create 130 consumers and 50 companies; four of the consumers are there twice."""
    countries = ["DE"] * 78 + ["AT"] * 16 + ["CH"] * 12 + ["FR"] * 10 + ["NL"] * 8 + ["DK"] * 6
    for number, country in enumerate(countries):
        twin = number >= 126
        like = number - 126 if twin else number
        first, last = FIRST[like % 20], LAST[(like * 7 + like // 20) % 20]
        if number == 0:
            first, last = "Lena", "Fischer"
        mail = f"{first}.{last}{like if like else ''}{'.private' if twin else ''}@example.com".lower()
        language = "de" if country in ("DE", "AT", "CH") else "en"
        given = customers.CustomerInput(
            name=f"{first} {last}", email=mail, language=language, phone=f"+49 40 55{number:04}"
        )
        _settle_in(given, country, dice)
    for number in range(50):
        country = ("AT", "FR", "NL")[number - 1] if 1 <= number <= 3 else "DE"
        name = f"{COMPANIES[number % 10]}{'' if number < 10 else f' {number // 10 + 1}'}"
        given = customers.CustomerInput(
            name=f"{FIRST[number % 20]} {LAST[number % 19]}",
            company=name,
            kind="company",
            email=f"orders@company-{number + 1}.example.com",
            vat_id=VAT_IDS[country],
            language="de" if country in ("DE", "AT") else "en",
            payment_terms="net30" if number % 3 else "net14",
            credit_limit=Decimal(250) if number in (11, 12) else Decimal(20000),
        )
        _settle_in(given, country, dice)


def _settle_in(given: customers.CustomerInput, country: str, dice: random.Random) -> None:
    customer = customers.create_customer(given, actor=ACTOR, at=timezone.now() - timedelta(days=OPENING_DAYS))
    postal_code, city = dice.choice(TOWNS[country])
    street = dice.choice(("Gartenweg", "Am Markt", "Hafenstraße", "Rue du Port", "Kerkstraat", "Lindenallee"))
    address = PostalAddress(
        name=given.name,
        company=given.company,
        line1=f"{street} {dice.randint(1, 90)}",
        postal_code=postal_code,
        city=city,
        country=country,
    )
    customers.add_address(customer.pk, address, label="", is_bill_to=True, is_ship_to=True, actor=ACTOR)


@service
def _link_lena() -> None:
    lena = Customer.objects.order_by("pk").first()
    assert lena is not None  # noqa: S101 - made a moment ago
    user = User.objects.create_user(
        "lena", lena.email, PASSWORD, first_name="Lena", last_name="Fischer", language="en"
    )
    customers.link_user(lena.pk, user.pk, actor=ACTOR)
