"""What customers usually are told about what went wrong: a beginning, in their language, for a person to finish."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.reader import spoken_date
from orders import selectors, services

LATE = ("late", "backorder", "promise")
UNPAID = ("payment_failed", "payment_due")
NOT_THERE = ("parcel_delivery_failed", "parcel_returned_to_sender")


def letter_for(exception: Any) -> str:
    """Return the text for an exception, in the language that is active."""
    return "\n\n".join([_("Hello %(name)s,") % {"name": _name(exception.order)}, *_body(exception)])


def _name(order: Any) -> str:
    return str(order.customer_name or order.shipping_address.get("name") or order.email)


def _body(exception: Any) -> list[str]:
    order, kind = exception.order, exception.category
    if kind in (*LATE, "shortfall", "short_pick"):
        return [_about_delay(order), _("We are sorry for that. If you do not want to wait, just answer this mail.")]
    if kind in UNPAID:
        return [
            _("we have not received the payment for your order %(order)s yet.") % {"order": order.number},
            _("You can pay on the page of your order; the link is below."),
        ]
    if kind in NOT_THERE:
        return [
            _("the carrier could not deliver your order %(order)s.") % {"order": order.number},
            _("Please tell us whether the address is right, and when somebody is there."),
        ]
    if kind == "parcel_lost":
        return [
            _("the carrier has lost the parcel with your order %(order)s.") % {"order": order.number},
            _("We are sorry for that. Please tell us whether you want your money back or the goods once more."),
        ]
    return [_("there is a question about your order %(order)s.") % {"order": order.number}]


def _about_delay(order: Any) -> str:
    words: dict[str, Any] = {"order": order.number, "units": services.missing_units(order)}
    day = order.promised_on
    if not words["units"]:
        return _("your order %(order)s takes longer than we promised.") % words
    if isinstance(day, date) and not selectors.is_late(order):
        return _("of your order %(order)s we still lack %(units)s; we expect to deliver it by %(day)s.") % {
            **words,
            "day": spoken_date(day),
        }
    return _("of your order %(order)s we still lack %(units)s.") % words
