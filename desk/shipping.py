"""Ship an order and write down its money, in one go: what billing and fulfillment each know half of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import services as billing
from core.actors import Actor
from core.reader import retold, spoken_amount
from core.service import service
from fulfillment import services as fulfillment
from fulfillment.leaving import Leaving, leaving
from fulfillment.models import Shipment
from orders import guards
from orders.models import Order, OrderLine, OrderStatus
from pricing.models import Channel

WORKABLE = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)
IN_THE_WAY = frozenset({"confirm", "release", "ship"})


@dataclass(frozen=True, kw_only=True)
class MoneyIn:
    """Money that came in for the order."""

    method: str
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadyToShip:
    """What would leave, what would stay, and what money is due. `first_pay`: without it nothing may leave.

    `elsewhere` is what leaves warehouses that the reader does not ship from, `held` what a hold of its own keeps here.
    """

    order: Order
    parcels: list[Leaving] = field(default_factory=list)
    elsewhere: list[Leaving] = field(default_factory=list)
    held: list[Leaving] = field(default_factory=list)
    services: int = 0
    later: int = 0
    due: Decimal = Decimal(0)
    first_pay: bool = False

    @property
    def seen(self) -> str:
        """Return what somebody looked at before they said yes; another one's shipment or payment changes it."""
        contents = "+".join(f"{one.key}:{one.units}" for one in self.parcels)
        return f"{contents}+{self.services}:{self.due}:{self.order.status}"

    def consequences(self) -> list[str]:
        """Say what shipping does, in sentences."""
        order, said = self.order, []
        if self.first_pay:
            said.append(_("The money is recorded, and with all of it the order is confirmed."))
        for one in self.parcels:
            words = {"place": one.place, "carrier": one.carrier, "contents": _contents(one)}
            said.append(_("%(contents)s leave %(place)s (%(carrier)s).") % words)
        said += self.left_alone()
        if self.services:
            units = self.services
            said.append(ngettext("%(n)s service is rendered.", "%(n)s services are rendered.", units) % {"n": units})
        if self.later:
            said.append(
                ngettext("%(n)s unit follows later.", "%(n)s units follow later.", self.later) % {"n": self.later}
            )
        said.append(_invoice_sentence(self))
        if order.email and not order.quiet:
            said.append(_("%(email)s is told what is on its way.") % {"email": order.email})
        if order.authorized_total > 0:
            amount = spoken_amount(order.authorized_total, order.currency)
            said.append(_("%(amount)s are held; what the invoice asks for is taken.") % {"amount": amount})
        return said

    def left_alone(self) -> list[str]:
        """Say what is on hold, and what lies in the warehouses of others."""
        on_hold = [
            _("%(contents)s stay here: %(reason)s") % {"contents": _contents(one), "reason": retold(one.held)}
            for one in self.held
        ]
        return on_hold + [
            _("%(contents)s lie in %(place)s, which is not one of your warehouses: they are shipped from there.")
            % {"contents": _contents(one), "place": one.place}
            for one in self.elsewhere
        ]


def _contents(parcel: Leaving) -> str:
    return ", ".join(f"{units} × {line.sku}" for line, units in parcel.contents)


def _invoice_sentence(ready: ReadyToShip) -> str:
    whole = ready.order.channel.invoice_policy == Channel.InvoicePolicy.PER_ORDER
    stays = ready.later or ready.elsewhere or ready.held
    return _("The invoice is written once all is shipped.") if whole and stays else _("The invoice is written.")


def ready_to_ship(order: Order, *, places: Collection[str] | None = None) -> ReadyToShip | None:
    """Return what could leave now, or None: not agreed yet, on hold, complete only and not complete, or nothing here.

    Who ships from some warehouses only names them (`places`); without a parcel there is only what lies elsewhere.
    Two statements more than `leaving`.
    """
    waits_for_money = order.status == OrderStatus.VERIFIED and guards.payment_missing(order) > 0
    if order.status not in WORKABLE and not waits_for_money:
        return None
    if IN_THE_WAY & set(order.blocked_transitions):
        return None
    lines = list(OrderLine.objects.filter(order=order).order_by("position"))
    later = sum(line.backordered for line in lines)
    found = [] if order.ship_complete and later else leaving(order, lines)
    held = [one for one in found if one.held]
    if held and (order.ship_complete or len(held) == len(found)):
        return None
    found = [one for one in found if not one.held]
    parcels = [one for one in found if places is None or one.warehouse in places]
    if not found or any(one.needs_label for one in parcels):
        return None
    return ReadyToShip(
        order=order,
        parcels=parcels,
        elsewhere=[one for one in found if one not in parcels],
        held=held,
        services=sum(line.open for line in lines if not line.is_goods),
        later=later,
        due=max(Decimal(0), order.balance_due - order.authorized_total),
        first_pay=waits_for_money,
    )


@service
def ship_and_take_money(
    order_id: int,
    *,
    numbers: Mapping[str, str],
    money: MoneyIn | None = None,
    places: Collection[str] | None = None,
    actor: Actor,
) -> list[Shipment]:
    """Ship what is here (in `places`, if some are named) and write down the money that came in: both, or neither.

    What waits for its money is paid first, and has no work yet. Otherwise the work is locked before its order, as
    everywhere, and the money is written down behind it.
    """
    pays_first = money is not None and Order.objects.filter(pk=order_id, status=OrderStatus.VERIFIED).exists()
    if pays_first:
        _record(order_id, money, actor=actor)
    parcels = fulfillment.ship_order(order_id, numbers=numbers, places=places, actor=actor)
    if not pays_first:
        _record(order_id, money, actor=actor)
    return parcels


def _record(order_id: int, money: MoneyIn | None, *, actor: Actor) -> None:
    if money is not None:
        given: dict[str, Any] = {"method": money.method, "amount": money.amount, "reference": money.reference}
        billing.record_payment(order_id, **given, actor=actor)
