"""What a warehouse and its carriers offer against exceptions."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.reader import spoken_amount, spoken_date
from fulfillment import services
from fulfillment.models import FulfillmentLine, Shipment
from orders import remedies
from orders.remedies import Offer, Remedy
from orders.services import Alternative


def _from_elsewhere(exception: Any) -> Offer | None:
    found = services.way_out(exception)
    if found is None:
        return None
    _work, way = found
    return Offer((_("%(place)s sends it instead.") % {"place": way.warehouse.name}, *_costs(way)))


def _part_from_elsewhere(exception: Any) -> Offer | None:
    found = services.way_out_in_part(exception)
    if found is None:
        return None
    work, way = found
    lines = FulfillmentLine.objects.filter(fulfillment_order=work)
    skus = dict(lines.values_list("order_line__position", "order_line__sku"))
    units = ", ".join(f"{count} × {skus[position]}" for position, count in way.gives.items() if count)
    words = {"place": way.warehouse.name, "units": units}
    said = _("%(place)s sends %(units)s in a parcel of its own; for the rest the exception stays open.") % words
    return Offer((said, *_costs(way)))


def _costs(way: Alternative) -> list[str]:
    said = []
    if way.arrives_on:
        said.append(_("It arrives on %(day)s.") % {"day": spoken_date(way.arrives_on)})
    if way.more:
        cost = spoken_amount(abs(way.more), way.currency)
        said.append(
            (_("It costs us %(cost)s more.") if way.more > 0 else _("It costs us %(cost)s less.")) % {"cost": cost}
        )
    return said


def _arrived(exception: Any) -> Offer | None:
    parcel = Shipment.objects.filter(number=exception.payload.get("shipment", "")).select_related("order").first()
    if parcel is None or not services.may_arrive(parcel):
        return None
    said = [_("What is in it counts as delivered; an order with nothing open is completed.")]
    if parcel.order.email and not parcel.order.quiet:
        said.append(_("%(email)s is told.") % {"email": parcel.order.email})
    return Offer(tuple(said))


remedies.register(
    Remedy(
        "from_elsewhere",
        gettext_lazy("Send from elsewhere"),
        (services.SHORT_PICK, "late", "promise"),
        "fulfillment.reroute_fulfillmentorder",
        _from_elsewhere,
        services.reroute_for_exception,
        order=30,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "part_from_elsewhere",
        gettext_lazy("Send a part from elsewhere"),
        (services.SHORT_PICK,),
        "fulfillment.reroute_fulfillmentorder",
        _part_from_elsewhere,
        services.reroute_part_for_exception,
        order=32,
    )
)
remedies.register(
    Remedy(
        "arrived",
        gettext_lazy("It arrived after all"),
        ("parcel_delivery_failed", "parcel_lost"),
        "fulfillment.operate_shipment",
        _arrived,
        services.count_as_arrived,
        order=10,
        style="primary",
    )
)
