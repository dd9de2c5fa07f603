"""What a warehouse and its carriers offer against exceptions."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.reader import spoken_amount, spoken_date
from fulfillment import services
from fulfillment.models import Shipment
from orders import remedies
from orders.remedies import Offer, Remedy


def _from_elsewhere(exception: Any) -> Offer | None:
    found = services.way_out(exception)
    if found is None:
        return None
    _work, way = found
    said = [_("%(place)s sends it instead.") % {"place": way.warehouse.name}]
    if way.arrives_on:
        said.append(_("It arrives on %(day)s.") % {"day": spoken_date(way.arrives_on)})
    if way.more:
        cost = spoken_amount(abs(way.more), way.currency)
        said.append(
            (_("It costs us %(cost)s more.") if way.more > 0 else _("It costs us %(cost)s less.")) % {"cost": cost}
        )
    return Offer(tuple(said))


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
