"""What fulfillment refuses, and why."""

from core.errors import Conflict, Invalid, Overtaken


class UnknownCarrier(Invalid):
    """No carrier has this code."""

    code = "unknown_carrier"


class UnknownLine(Invalid):
    """The work or the parcel has no such line."""

    code = "unknown_line"


class WrongQuantity(Invalid):
    """More, or less, than the line of work allows."""

    code = "wrong_quantity"


class WrongKind(Conflict):
    """Goods are not rendered, services are not picked."""

    code = "wrong_kind"


class OrderBlocked(Conflict):
    """The order is on hold, cancelled, or not confirmed yet: nothing may be worked on."""

    code = "order_blocked"


class NothingPicked(Conflict):
    """There is nothing on the trolley that could be packed."""

    code = "nothing_picked"


class LabelMissing(Conflict):
    """A parcel waits for its label."""

    code = "label_missing"


class ShipsComplete(Conflict):
    """The customer wants everything in one go, and something is not there yet."""

    code = "ships_complete"


class NothingToMerge(Conflict):
    """No other planned work of the order waits in the same place."""

    code = "nothing_to_merge"


class NothingToPutBack(Conflict):
    """No goods of this work wait to be put back."""

    code = "nothing_to_put_back"


class PlannedMeanwhile(Overtaken):
    """Somebody else planned work for this order at the same moment."""


class UnreadableMessage(Invalid):
    """A carrier said something that we cannot read."""

    code = "unreadable_message"


class EventOfAnother(Conflict):
    """The carrier used the id of an event for two parcels."""

    code = "event_of_another_parcel"


class NotPlanned(Conflict):
    """Somebody may fetch for this work already."""

    code = "not_planned"


class NothingForAWave(Conflict):
    """No work in the queue may go into a wave, or none of a wave may be released."""

    code = "nothing_for_a_wave"


class QueueChanged(Conflict):
    """The queue is not any more what somebody looked at before he planned."""

    code = "queue_changed"


class QueueTaken(Overtaken):
    """Somebody else took work out of the queue at the same moment."""


class WaveNotReleased(Conflict):
    """Nobody may fetch for a wave that is not released, or over."""

    code = "wave_not_released"
