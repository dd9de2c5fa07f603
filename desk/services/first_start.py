"""The first start: a test order that goes the whole line and comes back, and the list put away."""

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import LegalEntity
from core import milestones
from core.actors import Actor
from core.errors import Conflict
from core.service import service
from customers.addresses import PostalAddress
from desk.selectors import facts
from desk.selectors.first_start import DISMISSED
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from pricing import services as pricing
from returns import services as returns
from returns.models import ReturnRequest


class NothingToSell(Conflict):
    """A test order needs a product with a price, and with stock if it is kept on a shelf."""

    code = "nothing_to_sell"


class NoTestOrder(Conflict):
    """There is no test order for that."""

    code = "no_test_order"


@service
def place_test_order(*, name: str, email: str, actor: Actor) -> Order:
    """Order one unit of something for oneself, on the channel whose orders count in no figure."""
    if (known := facts.test_order()) is not None and not known.taken_back:
        return known.order
    channel = pricing.ensure_trial_channel(actor=actor)
    if (product := facts.sellable_product(channel)) is None:
        raise NothingToSell(_("No product has a price, and stock where it needs any"))
    country, address = _own_address()
    methods = pricing.shipping_methods(country, channel.currency)
    chosen = next((method for method in methods if not method.pickup), None) or next(iter(methods), None)
    return orders.place_order(
        OrderInput(
            channel=channel.code,
            lines=(LineInput(sku=product.sku, quantity=1),),
            customer_name=name,
            email=email,
            shipping_address=address,
            shipping_method=chosen.code if chosen and product.needs_stock else None,
            payment_terms="net14",
        ),
        actor=actor,
    )


@service
def ship_test_order(*, actor: Actor) -> Order:
    """Take the test order through every step of the warehouse at once: released, picked, packed, handed over."""
    order = _open_test_order()
    fulfillment.fulfil_through(order.pk, through="delivered", actor=actor)
    return order


@service
def take_test_order_back(*, actor: Actor) -> ReturnRequest:
    """Put its unit back on the shelf and credit its invoice, so that nothing of it is left in stock and books."""
    order = _open_test_order()
    work = FulfillmentOrder.objects.filter(order=order).order_by("pk").first()
    if work is None or work.warehouse_id is None:
        raise NoTestOrder(_("Nothing of the test order left a warehouse"))
    units = {line.pk: line.quantity for line in order.lines.all()}
    return returns.return_through(
        order.pk,
        quantities=units,
        warehouse_id=work.warehouse_id,
        reason="Test order",
        with_charges=True,
        actor=actor,
        at=timezone.now(),
    )


@service
def dismiss_first_start(*, actor: Actor) -> None:
    """Put the first start away: it is no longer the first page of administrators, and Today is quiet about it."""
    milestones.reach(DISMISSED, actor=actor)


@service
def reopen_first_start() -> None:
    """Bring it back."""
    milestones.take_back(DISMISSED)


def _open_test_order() -> Order:
    known = facts.test_order()
    if known is None or known.taken_back:
        raise NoTestOrder(_("There is no test order"))
    return known.order


def _own_address() -> tuple[str, PostalAddress]:
    """Return where the company sits; the test parcel goes there."""
    company = LegalEntity.objects.filter(is_default=True).order_by("pk").first()
    known = PostalAddress.from_dict({"country": "DE", "company": "Test", **(company.address if company else {})})
    if known.line1 and known.city and known.postal_code:
        return known.country, known
    filled = {"line1": "Teststraße 1", "postal_code": "20457", "city": "Hamburg", "country": "DE", "company": "Test"}
    return "DE", PostalAddress(**filled)
