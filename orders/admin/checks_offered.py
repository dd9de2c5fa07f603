"""The checks of orders, as the page of a channel offers them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders import verification
from orders.verification import LONGEST_HOURS, USUAL_LIMITS, policy_of
from pricing.checks import Check, Limit, offer

PERCENT, HOURS = "%", _("hours")


def _offer(name: str, label: Any, about: Any, limits: Iterable[tuple[str, Any, Any, dict[str, Any]]] = ()) -> None:
    usual = USUAL_LIMITS.get(name, {})
    made = tuple(Limit(key, said, usual[key], unit, **more) for key, said, unit, more in limits)
    offer(Check(name, label, about, policy_of(name, {}), made))


UP_TO = {"most": Decimal(1000)}
SPAN = {"least": Decimal(1), "most": Decimal(LONGEST_HOURS)}
AMOUNT = {"is_whole": False, "most": Decimal(1_000_000_000)}

_offer(
    verification.COMPLETE,
    _("completeness"),
    _("A name, a way to reach the customer, and an address where something is sent."),
)
_offer(
    verification.ADDRESS,
    _("address"),
    _("Whether a carrier can deliver: the postcode fits the country, and nothing its addresses need is missing."),
)
_offer(
    verification.CONTACT,
    _("contact"),
    _("Whether mail and calls can arrive, by their shape: nobody is asked. One way that works is enough."),
)
_offer(
    verification.DUPLICATE,
    _("duplicate"),
    _(
        "The same customer, or somebody at the same address, ordered (nearly) the same lines a short time before. "
        "Orders with a reference of their own are only warned of."
    ),
    [
        ("share", _("same lines, from"), PERCENT, {"least": Decimal(1), "most": Decimal(100)}),
        ("hours", _("within"), HOURS, SPAN),
        ("address", _("also hold what somebody else ordered to the same address"), "", {"is_switch": True}),
    ],
)
_offer(
    verification.PRICE,
    _("price"),
    _("Prices that were agreed elsewhere and are far from those of the price list."),
    [
        ("lowest", _("at least, of our price"), PERCENT, UP_TO),
        ("highest", _("at most, of our price"), PERCENT, {"least": Decimal(1), "most": Decimal(100_000)}),
    ],
)
_offer(
    verification.DISCOUNT,
    _("discount"),
    _("What is taken off the goods in all."),
    [("share", _("at most, of the goods"), PERCENT, {"most": Decimal(100)})],
)
_offer(
    verification.QUANTITY,
    _("quantity"),
    _("More units on a line than ever, or than this customer or anybody ordered of it within a year."),
    [
        ("units", _("at most on a line"), _("units"), {"least": Decimal(1)}),
        ("times", _("at most, times the most so far (0: do not compare)"), "×", UP_TO),
        ("from", _("compare only above"), _("units"), {}),
    ],
)
_offer(
    verification.CREDIT,
    _("credit limit"),
    _("What the customer would owe on account with this order, against the limit."),
    [("share", _("at most, of the limit"), PERCENT, {"most": Decimal(1000)})],
)
_offer(
    verification.TOTAL,
    _("total"),
    _("The sum that the sender told the customer, where it says one, against ours."),
    [("tolerance", _("differs at most by (in the channel's currency)"), "", AMOUNT)],
)
_offer(
    verification.RISK,
    _("risk"),
    _(
        "Signs of a fraud: many orders in a short time, goods sent far from where the invoice goes, a first order of "
        "high value, a mailbox for one day."
    ),
    [
        ("signals", _("fails from"), _("signs"), {"least": Decimal(1), "most": Decimal(4)}),
        ("orders", _("many are"), _("orders"), {"least": Decimal(2), "most": Decimal(20)}),
        ("hours", _("within"), HOURS, SPAN),
        ("first_total", _("high is a first order from (in the channel's currency)"), "", AMOUNT),
    ],
)
_offer(
    verification.STOCK,
    _("stock"),
    _("Whether everything is there now. What may not wait is refused in any case."),
)
