"""What a visitor wants to order, kept in the session until it is placed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import seat
from core.errors import Invalid
from core.money import Money
from inventory.models import Product
from orders import services as orders
from portal import access
from pricing import services as pricing
from pricing.models import Channel, PriceList

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


@dataclass(frozen=True)
class Step:
    """What one unit costs from a quantity on."""

    quantity: int
    price: Money


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
    steps = steps_for(request, products)
    return [
        CartLine(product, quantity, _reached(steps.get(product.pk, ()), quantity))
        for product in products
        for quantity in [wanted[product.sku]]
    ]


def _reached(steps: Sequence[Step], quantity: int) -> Money | None:
    """Return what one unit costs whoever takes so many."""
    return next((step.price for step in reversed(steps) if step.quantity <= quantity), None)


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


def lists_for(request: HttpRequest) -> list[PriceList]:
    """Return the price lists that hold today for who looks."""
    return pricing.price_lists_for(channel(), on=seat.today(), group_id=access.group_of(request))


def steps_for(request: HttpRequest, products: list[Product]) -> dict[int, list[Step]]:
    """Return today's price of each product that has one, for who looks, and what larger quantities cost."""
    shop, pks = channel(), [product.pk for product in products]
    found = pricing.price_steps(shop, pks, on=seat.today(), group_id=access.group_of(request))
    return {
        pk: [Step(step.min_quantity, Money(step.amount, shop.currency)) for step in steps]
        for pk, steps in found.items()
    }
