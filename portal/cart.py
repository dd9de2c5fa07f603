"""What a visitor wants to order, kept in the session until it is placed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.money import Money
from inventory.models import Product
from orders import services as orders
from pricing import services as pricing
from pricing.models import Channel

KEY = "cart"
CHANNEL = "portal"
USUAL_METHOD = "standard"
MAX_LINES = 200
MAX_QUANTITY = 9999


@dataclass(frozen=True)
class CartLine:
    """One product in the cart, at today's price."""

    product: Product
    quantity: int
    price: Money | None

    @property
    def total(self) -> Money | None:
        """Price × quantity, before discounts, tax and shipping."""
        return self.price * self.quantity if self.price else None


def channel() -> Channel:
    """Return the channel of the portal."""
    return pricing.channel_by_code(CHANNEL)


def quantities(request: HttpRequest) -> dict[str, int]:
    """Return the units per SKU."""
    return dict(request.session.get(KEY, {}))


def put(request: HttpRequest, sku: str, quantity: int) -> None:
    """Set the units of a SKU; none takes it out.

    Raises Invalid when the cart would be too full.
    """
    cart = quantities(request)
    if quantity <= 0:
        cart.pop(sku, None)
    elif quantity > MAX_QUANTITY:
        raise Invalid(_("At most %(most)s pieces of one product fit in the cart.") % {"most": MAX_QUANTITY})
    elif sku in cart or len(cart) < MAX_LINES:
        cart[sku] = quantity
    else:
        raise Invalid(_("At most %(most)s products fit in the cart.") % {"most": MAX_LINES})
    request.session[KEY] = cart


def empty(request: HttpRequest) -> None:
    """Forget the cart."""
    request.session.pop(KEY, None)


def lines(request: HttpRequest) -> list[CartLine]:
    """Return the cart with products and prices; what is no longer sold drops out."""
    wanted = quantities(request)
    products = list(Product.objects.filter(sku__in=wanted, active=True).order_by("sku"))
    prices = prices_of(products)
    return [CartLine(product, wanted[product.sku], prices.get(product.pk)) for product in products]


def promised(
    wanted: Iterable[tuple[Product, int]], *, country: str = "", method: str = ""
) -> dict[int, orders.Availability]:
    """Return, by product, what could be promised now: by the way that most choose, unless another is named."""
    found = orders.availabilities(
        wanted,
        country=country or channel().seller_country,
        method=method or USUAL_METHOD,
        channel=CHANNEL,
    )
    return {one.product.pk: one for one in found}


def prices_of(products: list[Product]) -> dict[int, Money]:
    """Return today's price of each product that has one."""
    shop = channel()
    found = pricing.prices_for(shop, [product.pk for product in products], on=timezone.localdate())
    return {pk: Money(Decimal(amount), shop.currency) for pk, amount in found.items()}
