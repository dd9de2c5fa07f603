"""Taking the stock of planned work: what it would mean for everybody, and the one click that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.actors import Actor
from core.admin.forms import SubjectForm
from core.reader import spoken_date
from orders import selectors, services
from orders.models import Order
from orders.services import Loss, Taking

NEVER = "never"


def taking_of(order: Order) -> Taking | None:
    """Return what it would mean; tried once for all parts of a page."""
    known = vars(order)
    if "_taking" not in known:
        known["_taking"] = services.preview_taking(order.pk)
    found: Taking | None = known["_taking"]
    return found


class TakeForm(SubjectForm):
    """Who gives, each with the day it is promised for now and then; and why."""

    givers = forms.MultipleChoiceField(
        label=gettext_lazy("Take from"), choices=[], widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def prepare(self) -> None:
        """Offer those who would give, the least urgent first. A day that has changed since is no choice any more."""
        taking = taking_of(self.subject)
        field: Any = self.fields["givers"]
        losses = taking.losses if taking else ()
        field.choices = [(_key(loss), _row(loss)) for loss in losses]
        field.initial = [key for key, _said in field.choices]
        field.error_messages["invalid_choice"] = _("Meanwhile something has changed: look at the days once more.")

    def clean_givers(self) -> dict[int, date | None]:
        """Return who gives, by id, with the day that was shown."""
        said = [one.split("|", 1) for one in self.cleaned_data["givers"]]
        return {int(pk): None if day == NEVER else date.fromisoformat(day) for pk, day in said}


def _key(loss: Loss) -> str:
    return f"{loss.order.pk}|{loss.after.isoformat() if loss.after else NEVER}"


@dataclass(frozen=True)
class Row:
    """What an order gives, and its days, as the page lists it."""

    order: str
    who: str
    points: str
    units: str
    before: date | None
    after: date | None
    misses: bool

    def __str__(self) -> str:
        """Name the choice."""
        return self.order


def _row(loss: Loss) -> Row:
    order = loss.order
    points = ngettext("%(n)s point", "%(n)s points", order.priority) % {"n": order.priority}
    who = order.customer_name or order.email
    return Row(str(order), who, points, named(loss.units), loss.before, loss.after, loss.misses)


def named(units: Mapping[str, int]) -> str:
    """Return units in words: 3 × MUG-RED, 1 × TEA-1."""
    return ", ".join(f"{count} × {sku}" for sku, count in units.items())


def consequences(order: Order) -> list[str]:
    """Say what the order gets, and when it would be there."""
    taking = taking_of(order)
    if taking is None:
        return [_("Nobody behind this order has what it misses and has not been begun.")]
    told = [_("It gets %(units)s.") % {"units": named(taking.units)}]
    if taking.before and taking.after and taking.before != taking.after:
        days = {"before": spoken_date(taking.before), "after": spoken_date(taking.after)}
        told.append(_("It will be there on %(after)s instead of %(before)s.") % days)
    if left := taking.still_missing:
        told.append(
            ngettext("%(n)s unit is still missing then.", "%(n)s units are still missing then.", left) % {"n": left}
        )
    late = [loss for loss in taking.losses if loss.misses]
    if late:
        said = ngettext(
            "%(n)s order would be there later than it was told.",
            "%(n)s orders would be there later than they were told.",
            len(late),
        )
        told.append(said % {"n": len(late)})
    return [*told, _("Who gives waits for the next units, by priority; both histories say so.")]


def is_open(order: Order) -> bool:
    """Whether something of an order is missing."""
    waits = order.allocation_status in (Order.Allocation.BACKORDERED, Order.Allocation.PARTIAL)
    return waits and order.status in selectors.WAITING


def take(order_id: int, *, agreed: Mapping[int, date | None], reason: str, actor: Actor) -> Order:
    """Take it, as it was shown."""
    return services.take_units(order_id, agreed=agreed, reason=reason, actor=actor)


def arguments(order: Order, said: dict[str, Any]) -> dict[str, Any]:
    """Return what the service is told."""
    return {"agreed": said["givers"], "reason": said["reason"]}
