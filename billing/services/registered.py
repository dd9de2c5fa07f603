"""Under which of the seller's VAT ids an invoice is written (Directive 2006/112/EC, art. 226, point 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from billing.errors import SeveralOrigins
from billing.models import LegalEntity
from billing.services.claiming import Claim
from inventory import selectors as stock
from orders import ports
from orders.models import Order
from pricing.calculation import UNTAXED_GOODS, taxed_as

# Services that a business in another member state owes the tax of: rendered from where the seller is at home.
REVERSE_CHARGE = "AE"


def vat_id_for(
    order: Order, claim: Claim, seller: LegalEntity, rates: Sequence[Mapping[str, Any]], *, parcel: str | None
) -> str:
    """Return the VAT id of the country whose tax is stated; of goods without tax, of the country that they leave.

    What consumers in other member states bear is declared where the seller is at home, unless it leaves the country
    that is owed the tax: then it is sold within that. `rates` are those of the invoice, `parcel` is the number of what
    it bills, None of all there is. Raises SeveralOrigins where one id cannot be right.
    """
    ids, home = seller.vat_registrations, order.channel.seller_country
    own = str(ids.get(home, seller.vat_id))
    categories = {rate["category"] for rate in rates}
    origins = _origins(order, claim, parcel) | ({home} if REVERSE_CHARGE in categories else set())
    origin = next(iter(origins)) if len(origins) == 1 else home
    if categories & UNTAXED_GOODS:
        if parcel is None and len(origins) > 1:
            text = _("Its goods leave several countries, and each has a VAT id of its own: bill them as they leave")
            raise SeveralOrigins(text, order=order.number)
        return str(ids.get(origin, seller.vat_id))
    owed_to = {str(rate.get("country") or taxed_as(order.ship_to.country)) for rate in rates}
    if owed_to == {origin}:
        return str(ids.get(origin, seller.vat_id))
    return str(seller.vat_id) if any(rate.get("distance") for rate in rates) else own


def _origins(order: Order, claim: Claim, parcel: str | None) -> set[str]:
    """Return the countries that what is billed left, or leaves; what lies nowhere yet will leave from home."""
    if parcel is not None and (left := ports.parcel_book.left_from(parcel)):
        return {left}
    billed = [line for line in claim.lines if claim.units.get(line.pk)]
    found = stock.countries_of(order.reservation_id, [line.position for line in billed])
    is_missing = parcel is None and any(line.backordered for line in billed)
    return found | {order.channel.seller_country} if is_missing else found
