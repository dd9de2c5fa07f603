"""What is offered against parcels that never arrived: the goods once more, or their money, with what that costs."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import SubjectForm
from core.errors import DomainError
from core.reader import spoken_amount, spoken_date
from core.sight import seen
from fulfillment.models import Shipment
from inventory.models import Warehouse
from orders import remedies
from orders import services as orders
from orders.admin.mending_forms import PARTS, AddressForm
from orders.models import OrderLine
from orders.remedies import Offer, Remedy
from returns import services
from returns.models import ReturnLine

KINDS = ("parcel_lost", "parcel_returned_to_sender")
# What came back was promised to nobody: it is never handed back to the customer by this way.
BACK = tuple(one for one in ReturnLine.Disposition.choices if one[0] != ReturnLine.Disposition.BACK_TO_CUSTOMER)


def parcel_of(exception: Any) -> Shipment | None:
    """Return the parcel of an exception that never arrived and is not settled; looked up once for a page."""
    known = vars(exception)
    if "_never_arrived" not in known:
        rows = Shipment.objects.filter(number=exception.payload.get("shipment", ""), status__in=services.NEVER_ARRIVED)
        found = rows.select_related("order__channel", "order__shipping_method").first()
        known["_never_arrived"] = None if found is None or services.is_settled(found) else found
    parcel: Shipment | None = known["_never_arrived"]
    return parcel


class BackForm(SubjectForm):
    """Where goods are that came back; of lost ones nobody asks."""

    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Received at"), empty_label=None)
    disposition = forms.ChoiceField(label=gettext_lazy("Goods go"), choices=BACK)

    def prepare(self) -> None:
        """Offer the warehouses, the one it left from first."""
        parcel = parcel_of(self.subject)
        if parcel is None or parcel.status != services.CAME_BACK:
            del self.fields["warehouse"], self.fields["disposition"]
            return
        field: Any = self.fields["warehouse"]
        field.queryset = seen(Warehouse.objects.filter(active=True)).order_by("last_resort", "priority", "pk")
        field.initial = parcel.fulfillment_order.warehouse_id


class SendAgainForm(BackForm, AddressForm):
    """Where it goes this time, and where what came back is."""


class RefundForm(BackForm):
    """Whether delivery charges go back as well."""

    with_charges = forms.BooleanField(label=gettext_lazy("Refund delivery charges as well"), required=False)

    def prepare(self) -> None:
        """Propose to give them back where nothing of the order arrived."""
        super().prepare()
        parcel = parcel_of(self.subject)
        self.fields["with_charges"].initial = parcel is not None and _gives_charges(parcel)


def _gives_charges(parcel: Shipment) -> bool:
    return parcel.status != services.CAME_BACK and services.holds_all(parcel)


def _named(parcel: Shipment) -> str:
    units = services.units_in(parcel)
    lines = OrderLine.objects.filter(pk__in=units).order_by("position")
    return ", ".join(f"{units[line.pk]} × {line.sku}" for line in lines)


def _again(exception: Any) -> Offer | None:
    parcel = parcel_of(exception)
    if parcel is None:
        return None
    order, units = parcel.order, services.units_in(parcel)
    try:
        shown = orders.preview_order(orders.replacement_input(order, units))
    except DomainError:
        return None
    words = {"units": _named(parcel)}
    said = [_("%(units)s goes out again as an order of its own at no charge, linked with this one.") % words]
    if day := shown.order.estimated_delivery_on:
        said.append(_("It arrives on %(day)s.") % {"day": spoken_date(day)})
    missing = [line for line in shown.lines if shown.short.get(line.position)]
    if missing and parcel.status != services.CAME_BACK:
        short = ", ".join(f"{shown.short[line.position]} × {line.sku}" for line in missing)
        said.append(_("%(units)s is not in stock and waits.") % {"units": short})
    said.append(_cost(shown, *orders.value_of(order, units)))
    return Offer((*said, *_told(order)))


def _cost(shown: Any, cost: Decimal | None, price: Decimal) -> str:
    """Say what it costs us: the goods as far as that is known, else what they were sold for; and their way."""
    way = (shown.order.sourcing.get("cost") or {}).get("total")
    currency = shown.order.currency
    words = {"price": spoken_amount(price, currency)}
    if cost is None:
        said = _("The goods were sold for %(price)s.") % words
    else:
        words["cost"] = spoken_amount(cost, settings.CURRENCY)
        said = _("The goods cost us %(cost)s; they were sold for %(price)s.") % words
    if way is None:
        return said
    sending = spoken_amount(Decimal(way), shown.order.sourcing["cost"].get("currency") or currency)
    return f"{said} {_('Sending them costs %(cost)s.') % {'cost': sending}}"


def _refund(exception: Any) -> Offer | None:
    parcel = parcel_of(exception)
    if parcel is None:
        return None
    with_charges = _gives_charges(parcel)
    try:
        found = services.refunding(parcel, with_charges=with_charges)
    except DomainError:
        return None
    if not found.credit:
        return None
    order, currency = parcel.order, parcel.order.currency
    text = (
        _("A credit note over %(amount)s, with delivery charges.")
        if with_charges
        else _("A credit note over %(amount)s.")
    )
    said = [text % {"amount": spoken_amount(found.credit, currency)}]
    if found.money:
        said.append(_("%(amount)s goes back to the customer.") % {"amount": spoken_amount(found.money, currency)})
    else:
        said.append(_("No money goes back: the order was not paid, so the customer owes less."))
    return Offer((*said, *_told(order)))


def _told(order: Any) -> list[str]:
    return [_("%(email)s gets a mail.") % {"email": order.email}] if order.email and not order.quiet else []


def _back(said: dict[str, Any]) -> services.Back | None:
    return services.Back(said["warehouse"].pk, said["disposition"]) if said.get("warehouse") else None


def _address(exception: Any) -> dict[str, Any]:
    return {name: exception.order.shipping_address.get(name, "") for name in PARTS}


remedies.register(
    Remedy(
        "send_again",
        gettext_lazy("Send again"),
        KINDS,
        "orders.add_order",
        _again,
        services.send_parcel_again,
        form=SendAgainForm,
        order=5,
        style="primary",
        initial=_address,
        arguments=lambda exception, said: {"to": AddressForm.written(said), "back": _back(said)},
    )
)
remedies.register(
    Remedy(
        "refund_parcel",
        gettext_lazy("Refund"),
        KINDS,
        "returns.operate_return",
        _refund,
        services.refund_parcel,
        form=RefundForm,
        order=30,
        arguments=lambda exception, said: {"with_charges": said["with_charges"], "back": _back(said)},
    )
)
