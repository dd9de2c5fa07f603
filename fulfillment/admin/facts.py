"""What the facts about work and parcels are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.differences import name_fields
from core.admin.facts import name_facts

name_facts(
    {
        "fulfillment.goods_put_back": _("Picked units put back"),
        "fulfillment.label_requested": _("Label requested"),
        "fulfillment.label_voided": _("Label voided"),
        "fulfillment.merged": _("Work put together"),
        "fulfillment.planned": _("Work planned"),
        "fulfillment.released": _("Work released"),
        "fulfillment.rerouted": _("Work moved to another warehouse"),
        "fulfillment.service_rendered": _("Service rendered"),
        "fulfillment.shipment_delivered": _("Parcel delivered"),
        "fulfillment.shipment_failed": _("Parcel did not arrive"),
        "fulfillment.shipment_shipped": _("Parcel shipped"),
        "fulfillment.short_pick": _("Units not found while picking"),
        "fulfillment.split": _("Work split"),
        "fulfillment.wave_planned": _("Wave planned"),
        "fulfillment.work_left_wave": _("Work left its wave"),
    }
)
name_fields({"into": _("new work"), "with": _("put together with")})
