"""What is true of an installation that starts: each fact asked of the rows themselves."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from billing.models import LegalEntity
from core import seat
from core.models import User
from inventory.models import Product, StockItem, Warehouse
from orders.models import Order, OrderStatus
from pricing import services as pricing
from pricing.models import Channel, Price, ShippingRate, TaxRate, Transit
from returns.models import ReturnRequest

# Channels that sell to nobody.
NOT_SELLING = ("import", pricing.TRIAL)
SHIPPED = (OrderStatus.FULFILLED, OrderStatus.COMPLETED)
PLACEHOLDER = "Your company"


@dataclass(frozen=True)
class TestOrder:
    """The latest test order, and how far it came."""

    order: Order
    taken_back: bool

    @property
    def shipped(self) -> bool:
        """Whether all of it left."""
        return self.order.status in SHIPPED


def company() -> LegalEntity | None:
    """Return who writes the invoices."""
    return LegalEntity.objects.filter(is_default=True).order_by("pk").first()


def selling_channels() -> list[Channel]:
    """Return the channels on which goods are sold."""
    return list(Channel.objects.filter(active=True).exclude(code__in=NOT_SELLING).order_by("pk"))


def tax_rates(country: str, on: date | None = None) -> list[TaxRate]:
    """Return the rates of a country that apply today, the highest first."""
    today = on or seat.today()
    started = TaxRate.objects.filter(country=country, region="", customer_class="", valid_from__lte=today)
    found: dict[str, TaxRate] = {}
    for rate in started.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today)).order_by("valid_from"):
        found[rate.tax_class] = rate
    return sorted(found.values(), key=lambda rate: -rate.rate)


def warehouses() -> list[Warehouse]:
    """Return the places that ship."""
    return list(Warehouse.objects.filter(active=True).order_by("priority", "code")[:20])


def home_rate(country: str, currency: str) -> ShippingRate | None:
    """Return the charge of the cheapest active way of delivery into the own country."""
    zone = pricing.zone_for(country)
    rates = ShippingRate.objects.filter(zone=zone, currency=currency, method__active=True, method__pickup=False)
    return rates.select_related("method").order_by("amount", "pk").first() if zone else None


def warehouses_without_days(country: str) -> list[Warehouse]:
    """Return the places of which nobody said how long a parcel takes into the own country."""
    zone = pricing.zone_for(country)
    known = Transit.objects.filter(warehouse=OuterRef("pk"), zone=zone, method__active=True)
    return list(Warehouse.objects.filter(~Exists(known), active=True).order_by("pk")[:20])


def staff() -> list[User]:
    """Return some of those who work here, with their roles."""
    rows = User.objects.filter(is_staff=True, is_active=True).prefetch_related("groups").order_by("pk")
    return list(rows[:50])


def sellable_product(channel: Channel) -> Product | None:
    """Return a product that can be ordered on a channel and be shipped right away."""
    if channel.price_list is None:
        return None
    today = seat.today()
    priced = Price.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=today),
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        product=OuterRef("pk"),
        price_list=channel.price_list,
        min_quantity__lte=1,
    )
    there = StockItem.objects.filter(
        product=OuterRef("pk"),
        warehouse__active=True,
        on_hand__gt=F("quarantined") + F("reserved") + F("safety_stock"),
    )
    products = Product.objects.filter(Exists(priced), active=True, kind=Product.Kind.STOCKED)
    return products.filter(Q(release_on__isnull=True) | Q(release_on__lte=today)).filter(Exists(there)).first()


def test_order() -> TestOrder | None:
    """Return the latest order of the test channel that was not cancelled."""
    rows = Order.objects.filter(channel__code=pricing.TRIAL).exclude(
        status__in=(OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    )
    if (order := rows.select_related("channel").order_by("-pk").first()) is None:
        return None
    return TestOrder(order, ReturnRequest.objects.filter(order=order).exists())


def shipped_order() -> Order | None:
    """Return an order of a customer that went all the way: from then on the house is at work."""
    rows = Order.objects.filter(status__in=SHIPPED).exclude(channel__code=pricing.TRIAL)
    return rows.order_by("pk").first()
