"""The steps of work and of parcels in the back office, and what each of them will do."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.transitions import TransitionSpec
from core.reader import locale, retold
from fulfillment import services
from fulfillment.carriers import carrier_for
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.selectors import OPEN_WORK
from orders import selectors as orders

from .forms import (
    HoldForm,
    NoteForm,
    OptionalReasonForm,
    PackForm,
    PickForm,
    RerouteForm,
    ShipForm,
    ShortForm,
    SplitForm,
)

OPERATE = "fulfillment.operate_fulfillmentorder"
HOLD = "orders.operate_order"
REROUTE = "fulfillment.reroute_fulfillmentorder"
TELL = "fulfillment.operate_shipment"
Kind = FulfillmentOrder.Kind
Status = FulfillmentOrder.Status


def _is_goods(work: FulfillmentOrder) -> bool:
    return work.kind == Kind.GOODS


def _is_service(work: FulfillmentOrder) -> bool:
    return work.kind == Kind.SERVICE


def _is_pickable(work: FulfillmentOrder) -> bool:
    return _is_goods(work) and work.status in (Status.RELEASED, Status.PICKING)


def _is_released_goods(work: FulfillmentOrder) -> bool:
    return _is_goods(work) and work.status == Status.RELEASED


def _release(work: FulfillmentOrder) -> list[str]:
    sentences = [_("%(place)s may begin.") % {"place": work.warehouse or _("Whoever renders the service")}]
    if work.order.status == "confirmed":
        sentences.append(_("Order %(order)s is in fulfillment from then on.") % {"order": work.order})
    return sentences


def _pick(work: FulfillmentOrder) -> list[str]:
    return [
        _("What you found goes on to packing."),
        _("What is missing becomes new work, and somebody is told to look for it."),
        *_of_kits(work),
    ]


def _of_kits(work: FulfillmentOrder) -> list[str]:
    if not any(line.order_line.parts for line in work.lines.all()):
        return []
    return [_("Only whole kits are picked: put the other parts of one that is not complete back into their bins.")]


def _short(work: FulfillmentOrder) -> list[str]:
    return [
        _("The missing units become new work of their own; you walk on without them."),
        _("An exception asks somebody to look for them; the order cannot be completed before."),
        *_of_kits(work),
    ]


def _pack(work: FulfillmentOrder) -> list[str]:
    return [_("Each parcel gets a label with a tracking number and a packing slip to print.")]


def _ship(work: FulfillmentOrder) -> list[str]:
    shipments = list(work.shipments.exclude(status=Shipment.Status.CANCELLED))
    parcels = ngettext("%(n)s parcel leaves", "%(n)s parcels leave", len(shipments)) % {"n": len(shipments)}
    carriers = ", ".join(sorted({str(carrier_for(shipment.carrier).name) for shipment in shipments}))
    units = _pieces_picked(work)
    sentences = [
        _("%(parcels)s by %(carrier)s.") % {"parcels": parcels, "carrier": carriers},
        ngettext("Stock in %(place)s goes down by %(n)s unit.", "Stock in %(place)s goes down by %(n)s units.", units)
        % {"place": work.warehouse, "n": units},
        _("The invoice is written."),
    ]
    if work.order.email and not work.order.quiet:
        sentences.append(_("%(email)s is told what is on its way.") % {"email": work.order.email})
    return sentences


def _pieces_picked(work: FulfillmentOrder) -> int:
    return sum(line.picked * line.order_line.pieces for line in work.lines.select_related("order_line"))


def _render(work: FulfillmentOrder) -> list[str]:
    return [_("The service counts as shipped and delivered."), _("The invoice is written.")]


def _pull_back(work: FulfillmentOrder) -> list[str]:
    return [_("The work is planned again; whoever walks should stop."), _("The units stay tied to the order.")]


def _reroute(work: FulfillmentOrder) -> list[str]:
    order, here = work.order, work.warehouse.name if work.warehouse else ""
    sentences = [
        _("The units in %(place)s are free for others; as many are tied in the warehouse you choose.")
        % {"place": here},
        _("The tax that was agreed stays: %(amount)s.") % {"amount": order.money("tax_total").format(str(locale()))},
    ]
    if services.short_pick_key(work) in order.exceptions.values_list("dedupe_key", flat=True):
        sentences.append(_("The shelf in %(place)s is counted, and its exception is closed.") % {"place": here})
    if order.promised_on:
        sentences.append(_("The promised day follows the new warehouse; what was promised first stays written down."))
    return sentences


def _why_elsewhere(work: FulfillmentOrder) -> dict[str, str]:
    """Say why at once, where it is known: the goods were not found."""
    known = orders.open_exceptions().filter(order=work.order_id, dedupe_key=services.short_pick_key(work)).first()
    return {"reason": retold(known.title)} if known else {}


def _put_back(work: FulfillmentOrder) -> list[str]:
    units = _pieces_picked(work)
    if work.order.status not in services.OVER:
        lies = ngettext("%(n)s unit lies in its bin again.", "%(n)s units lie in their bins again.", units)
        return [lies % {"n": units}, _("They stay tied to the order and are planned anew.")]
    return [
        ngettext(
            "%(n)s unit lies in its bin again and is free for others.",
            "%(n)s units lie in their bins again and are free for others.",
            units,
        )
        % {"n": units}
    ]


def _put_back_goods(work: FulfillmentOrder) -> list[str]:
    sentences = [
        _("Somebody carries the goods back; they stay tied to the order and are planned anew when they lie there."),
    ]
    if work.status == Status.PACKED:
        sentences.append(_("Its label is void."))
    return sentences


def _split(work: FulfillmentOrder) -> list[str]:
    return [_("The units you name become planned work of their own in %(place)s.") % {"place": work.warehouse or ""}]


def _merge(work: FulfillmentOrder) -> list[str]:
    others = FulfillmentOrder.objects.filter(
        order=work.order_id, warehouse=work.warehouse_id, kind=work.kind, status=Status.PLANNED
    ).exclude(pk=work.pk)
    free = services.without_held(work.order, list(others.order_by("pk")[:20]))
    numbers = ", ".join(str(one.number) for one in free)
    if not numbers:
        return [_("No other planned work of this order waits in the same place")]
    return [_("%(others)s: all of it becomes part of %(work)s.") % {"others": numbers, "work": work}]


def _as_picked(work: FulfillmentOrder, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"picked": said["found"], "parts": said["parts"]}


def _as_short(work: FulfillmentOrder, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"found": said["found"], "parts": said["parts"], "reason": said["reason"]}


def _as_parcels(work: FulfillmentOrder, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"parcels": said["boxes"]}


def _hold(work: FulfillmentOrder) -> list[str]:
    return [_("It stays in the house until somebody lifts the hold."), _("Other work of the order goes on.")]


WORK_STEPS: dict[str, TransitionSpec] = {
    "release": TransitionSpec(
        gettext_lazy("Release"), services.release_fulfillment, OPERATE, consequences=_release, style="primary"
    ),
    "start": TransitionSpec(
        gettext_lazy("Start picking"), services.start_picking, OPERATE, when=_is_goods, style="primary"
    ),
    "pick": TransitionSpec(
        gettext_lazy("Finish picking"),
        services.pick,
        OPERATE,
        form=PickForm,
        consequences=_pick,
        arguments=_as_picked,
        when=_is_goods,
        style="primary",
    ),
    "pick_now": TransitionSpec(
        gettext_lazy("Pick at once"),
        services.pick,
        OPERATE,
        form=PickForm,
        consequences=_pick,
        arguments=_as_picked,
        when=_is_released_goods,
    ),
    "short": TransitionSpec(
        gettext_lazy("Something is missing"),
        services.short_pick,
        OPERATE,
        form=ShortForm,
        consequences=_short,
        arguments=_as_short,
        when=_is_pickable,
    ),
    "pack": TransitionSpec(
        gettext_lazy("Pack"),
        services.pack,
        OPERATE,
        form=PackForm,
        consequences=_pack,
        arguments=_as_parcels,
        style="primary",
    ),
    "ship": TransitionSpec(
        gettext_lazy("Ship"),
        services.ship_fulfillment_order,
        OPERATE,
        form=ShipForm,
        consequences=_ship,
        style="primary",
    ),
    "render": TransitionSpec(
        gettext_lazy("Rendered"),
        services.render_service,
        OPERATE,
        form=NoteForm,
        consequences=_render,
        when=_is_service,
        style="primary",
    ),
    "put_back": TransitionSpec(
        gettext_lazy("Put back"),
        services.complete_put_back,
        OPERATE,
        consequences=_put_back,
        when=lambda work: work.needs_put_back,
        style="primary",
    ),
    "put_back_goods": TransitionSpec(
        gettext_lazy("Put the goods back"),
        services.put_back,
        OPERATE,
        form=OptionalReasonForm,
        consequences=_put_back_goods,
        when=lambda work: work.status in (Status.PICKED, Status.PACKED),
        style="danger",
    ),
    "split": TransitionSpec(
        gettext_lazy("Split"),
        services.split_fulfillment,
        OPERATE,
        form=SplitForm,
        consequences=_split,
        arguments=lambda work, said: {"units": said["units"], "reason": said["reason"]},
        when=lambda work: work.status == Status.PLANNED,
    ),
    "merge": TransitionSpec(
        gettext_lazy("Put together"),
        services.merge_fulfillment,
        OPERATE,
        consequences=_merge,
        when=lambda work: work.status == Status.PLANNED,
    ),
    "reroute": TransitionSpec(
        gettext_lazy("Send from elsewhere"),
        services.reroute_fulfillment,
        REROUTE,
        form=RerouteForm,
        initial=_why_elsewhere,
        consequences=_reroute,
        arguments=lambda work, said: {"warehouse_id": said["warehouse"], "reason": said["reason"]},
        when=lambda work: _is_goods(work) and work.status == Status.PLANNED,
    ),
    "hold": TransitionSpec(
        gettext_lazy("Hold"),
        services.hold_work,
        HOLD,
        form=HoldForm,
        consequences=_hold,
        when=lambda work: work.status in OPEN_WORK,
        icon="hand",
    ),
    "pull_back": TransitionSpec(
        gettext_lazy("Pull back"),
        services.pull_back,
        OPERATE,
        form=OptionalReasonForm,
        consequences=_pull_back,
        style="danger",
    ),
}


def _deliver(shipment: Shipment) -> list[str]:
    sentences = [_("What is in it counts as delivered; an order with nothing open is completed.")]
    if shipment.order.email and not shipment.order.quiet:
        sentences.append(_("%(email)s is told.") % {"email": shipment.order.email})
    return sentences


def _trouble(shipment: Shipment) -> list[str]:
    return [_("An exception asks somebody to look after it; the order cannot be completed before.")]


PARCEL_STEPS: dict[str, TransitionSpec] = {
    "deliver": TransitionSpec(
        gettext_lazy("Delivered"),
        services.deliver_shipment,
        TELL,
        form=NoteForm,
        consequences=_deliver,
        style="primary",
    ),
    "fail": TransitionSpec(
        gettext_lazy("Delivery failed"), services.fail_delivery, TELL, form=NoteForm, consequences=_trouble
    ),
    "come_back": TransitionSpec(
        gettext_lazy("Came back"), services.take_back_shipment, TELL, form=NoteForm, consequences=_trouble
    ),
    "lose": TransitionSpec(
        gettext_lazy("Lost"), services.lose_shipment, TELL, form=NoteForm, consequences=_trouble, style="danger"
    ),
}
