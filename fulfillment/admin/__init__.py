"""The floor in the back office: what is to be done, parcels on their way."""

from django.utils.translation import gettext_lazy as _

from core import badges
from core.admin import history, navigation
from core.sentences import gettext_noop
from fulfillment.services import SHORT_PICK
from orders import categories

from . import order_steps, remedies, shipments, today, waves, work

__all__ = ["order_steps", "remedies", "shipments", "today", "waves", "work"]

WAREHOUSE = _("Warehouse")
QUEUE, VIEW_WORK = "admin:fulfillment_fulfillmentorder_changelist", "fulfillment.view_fulfillmentorder"
WAVES, VIEW_WAVES = "admin:fulfillment_wave_changelist", "fulfillment.view_wave"
PARCELS, VIEW_PARCELS = "admin:fulfillment_shipment_changelist", "fulfillment.view_shipment"

history.phrase("fulfillment.split", _("Work split"), icon="pen")
history.phrase("fulfillment.merged", _("Work put together"), icon="pen")
history.phrase("fulfillment.wave_planned", _("Planned with %(works)s orders"), icon="list")
history.phrase("fulfillment.work_left_wave", _("%(work)s (tote %(tote)s) left the wave: %(why)s"), icon="back")

navigation.register(
    WAREHOUSE, _("To do"), QUEUE, permission=VIEW_WORK, order=300, icon="building", query="?stage=open", keys="g w"
)
navigation.register(WAREHOUSE, _("Waves"), WAVES, permission=VIEW_WAVES, order=305, icon="building", keys="g v")
navigation.register(
    WAREHOUSE,
    _("On the way"),
    PARCELS,
    permission=VIEW_PARCELS,
    order=310,
    icon="truck",
    query="?stage=travelling",
    keys="g s",
)

categories.register_queue(categories.WAREHOUSE, gettext_noop("Warehouse"), "fulfillment.operate_fulfillmentorder")
categories.register(SHORT_PICK, _("short pick"), queue=categories.WAREHOUSE, hours=4)
categories.register("parcel_delivery_failed", _("parcel not delivered"))
categories.register("parcel_returned_to_sender", _("parcel came back"))
categories.register("parcel_lost", _("parcel lost"))
categories.register("parcel_not_shipped", _("parcel never shipped"))

badges.register("info", "released", "label_pending", "ready")
badges.register("progress", "picking", "picked", "packed", "in_transit", "out_for_delivery")
badges.register("good", "done", "shipped", "rendered", "delivered")
badges.register("bad", "delivery_failed", "returned_to_sender", "lost")
