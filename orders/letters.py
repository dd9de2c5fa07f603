"""Mails about an order: to its buyer, in its language, with the link to its page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.templatetags.static import static

from core import seat
from core.links import absolute, make_link
from core.mail import intend
from core.models import Attachment, OutgoingMail
from inventory.models import Product
from orders.models import Order

# So long after its last day the link to a quotation still says that it is over, and lets its reader ask anew.
ANSWERED_DAYS = 60


def write_to_buyer(
    order: Order,
    template: str,
    context: Mapping[str, Any],
    *,
    key: str,
    to: str = "",
    attachments: Sequence[Attachment] = (),
) -> OutgoingMail | None:
    """Write a mail down to be sent, once per `key`; none where neither `to` nor the order has an address."""
    thread = order.history_thread()
    return intend(
        dedupe_key=key,
        template=template,
        context={"order": order, "track_url": absolute(f"/track/{make_link('order', thread)}/"), **context},
        to=to or order.email,
        language=order.language,
        thread=thread,
        attachments=attachments,
    )


def quotation_url(order: Order, *, version: int, valid_until: date) -> str:
    """Return the page on which a quotation is read and accepted, as it was at a version, and no other."""
    days = (valid_until - seat.today()).days
    link = make_link("quotation", f"{order.history_thread()}@{version}", days=max(days, 0) + ANSWERED_DAYS)
    return absolute(f"/quotations/{link}/")


def picture_of(product: Product) -> str:
    """Return where a mail finds the picture of a product; nothing where it has none."""
    return absolute(static(product.image)) if product.image else ""
