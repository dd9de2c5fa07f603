"""Any carrier we have no wire to: staff types the number from its receipt."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from fulfillment.models import Shipment

from .base import CarrierEvent, Label, read_events


class ManualCarrier:
    """The counter of a post office, a letter, a customer who collects."""

    code = "manual"
    name = gettext_lazy("By hand")
    outside = False
    types_number = True

    def create_label(self, shipment: Shipment) -> Label:
        """Return what staff typed, which may be nothing: a letter has no number."""
        return Label(tracking_number=shipment.tracking_number, tracking_url=shipment.tracking_url)

    def void_label(self, shipment: Shipment) -> None:
        """Whoever went to the counter has to go there again."""

    def parse_events(self, message: Mapping[str, Any]) -> Sequence[CarrierEvent]:
        """Read what staff or an integrator reports."""
        return read_events(message)
