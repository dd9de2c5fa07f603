"""What every installation starts with. Nothing that is there is changed, so it may run at every start."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.service import note_change, service
from inventory.models import Warehouse
from pricing.calculation import EU_COUNTRIES
from pricing.errors import UnknownChannel
from pricing.models import Channel, PriceList, ShippingMethod, ShippingRate, TaxRate, Transit, Zone
from pricing.reference import forget
from pricing.tax_defaults import REGION_RATES, TAX_RATES
from pricing.transit_defaults import DAYS, usual_days

HOME = "DE"
CURRENCY = "EUR"

CHANNELS: dict[str, dict[str, Any]] = {
    "api": {"name": "API"},
    "portal": {"name": "Portal", "reserved": True},
    "staff": {"name": "Order desk", "reserved": True},
    "phone": {"name": "Phone", "reserved": True},
    "walk_in": {"name": "Walk-in", "auto_release": True, "handling_days": 0},
    "import": {
        "name": "Import",
        "currency": "GBP",
        "seller_country": "GB",
        "reserved": True,
        "quiet": True,
        "auto_release": False,
        "document_series": "IMP",
        "price_list": None,
    },
}
# Orders that somebody places to see whether everything works: they count in no figure, and their papers
# have numbers of their own.
TRIAL = "test"
METHODS: dict[str, dict[str, Any]] = {
    "standard": {"name": "Standard delivery", "names": {"de": "Standardversand"}},
    "express": {"name": "Express delivery", "names": {"de": "Expressversand"}},
    "pickup": {"name": "Pick-up", "names": {"de": "Abholung"}, "pickup": True},
}
ZONES: dict[str, dict[str, Any]] = {
    "home": {"name": "Germany", "countries": [HOME]},
    "eu": {"name": "European Union", "countries": sorted(EU_COUNTRIES - {HOME})},
    "world": {"name": "Rest of the world", "countries": []},
}
SHIPPING = {
    ("standard", "home"): "4.90",
    ("standard", "eu"): "9.90",
    ("standard", "world"): "19.90",
    ("express", "home"): "9.90",
    ("express", "eu"): "19.90",
    ("express", "world"): "39.90",
}


@service
def ensure_defaults(*, actor: Actor) -> None:
    """Make sure that there are channels, a price list, ways of delivery and tax rates to start with."""
    known = Channel.objects.count()
    PriceList.objects.bulk_create(
        [PriceList(code="standard", name="Standard", currency=CURRENCY)], ignore_conflicts=True
    )
    standard = PriceList.objects.get(code="standard")
    shared = {"currency": CURRENCY, "price_list": standard, "seller_country": HOME}
    Channel.objects.bulk_create(
        [Channel(code=code, **{**shared, **own}) for code, own in CHANNELS.items()], ignore_conflicts=True
    )
    ShippingMethod.objects.bulk_create(
        [ShippingMethod(code=code, **own) for code, own in METHODS.items()], ignore_conflicts=True
    )
    Zone.objects.bulk_create([Zone(code=code, **own) for code, own in ZONES.items()], ignore_conflicts=True)
    _ensure_shipping_rates()
    TaxRate.objects.bulk_create(_tax_rates(), ignore_conflicts=True)
    ensure_transits(actor=actor)
    if not known:
        note_change(standard, "pricing.defaults_made", actor=actor)
    forget()


@service
def ensure_transits(*, actor: Actor) -> None:
    """Enter a usual number of days for every warehouse whose ways nobody described yet."""
    zones = {zone.code: zone for zone in Zone.objects.filter(code__in=ZONES)}
    methods = {method.code: method for method in ShippingMethod.objects.filter(code__in=DAYS)}
    described = set(Transit.objects.values_list("warehouse_id", flat=True))
    fresh = [warehouse for warehouse in Warehouse.objects.order_by("pk") if warehouse.pk not in described]
    made = [
        Transit(warehouse=warehouse, zone=zone, method=method, days=days)
        for warehouse in fresh
        for code, method in methods.items()
        for zone in zones.values()
        if (days := usual_days(code, origin=warehouse.country, countries=zone.countries)) is not None
    ]
    Transit.objects.bulk_create(made, ignore_conflicts=True)
    for warehouse in fresh if made else ():
        note_change(warehouse, "pricing.transits_made", actor=actor)
    forget()


@service
def ensure_trial_channel(*, actor: Actor) -> Channel:
    """Return the channel of test orders, made like the one of the order desk if it is missing."""
    if known := Channel.objects.filter(code=TRIAL).first():
        return known
    like = Channel.objects.filter(active=True, price_list__isnull=False).exclude(code="import").order_by("pk")
    if (model := like.filter(code="staff").first() or like.first()) is None:
        raise UnknownChannel("There is no channel with a price list to sell on")
    made = Channel.objects.create(
        code=TRIAL,
        name="Test",
        currency=model.currency,
        language=model.language,
        price_list=model.price_list,
        prices_include_tax=model.prices_include_tax,
        seller_country=model.seller_country,
        reserved=True,
        document_series="TEST",
    )
    note_change(made, "pricing.channel.created", actor=actor, after={"code": TRIAL})
    forget()
    return made


def _ensure_shipping_rates() -> None:
    """Enter the usual charges for a method that has none at all."""
    zones = {zone.code: zone for zone in Zone.objects.filter(code__in=ZONES)}
    charged = set(ShippingRate.objects.values_list("method__code", flat=True))
    methods = {method.code: method for method in ShippingMethod.objects.filter(code__in=set(METHODS) - charged)}
    ShippingRate.objects.bulk_create(
        [
            ShippingRate(method=methods[code], zone=zones[zone], currency=CURRENCY, amount=Decimal(amount))
            for (code, zone), amount in SHIPPING.items()
            if code in methods and zone in zones
        ],
        ignore_conflicts=True,
    )


def _tax_rates() -> Iterable[TaxRate]:
    """Return the rates of countries for which nobody entered any yet."""
    known = set(TaxRate.objects.values_list("country", flat=True).distinct())
    for place, steps in {**TAX_RATES, **REGION_RATES}.items():
        country, region = place[:2], place if "-" in place else ""
        if country in known:
            continue
        for since, standard, reduced in steps:
            for tax_class, percent in (("standard", standard), ("reduced", reduced)):
                rate, start = Decimal(percent) / 100, date.fromisoformat(since)
                yield TaxRate(country=country, region=region, tax_class=tax_class, rate=rate, valid_from=start)
