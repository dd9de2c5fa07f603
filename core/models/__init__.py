"""The tables of the mechanics."""

from .access import AccessLink, ApiKey
from .base import LockingManager, LockingQuerySet
from .events import Consumer, Delivery, EventRecord
from .idempotency import IdempotencyKey
from .messages import Attachment, OutgoingMail
from .numbering import NumberSeries
from .numbers import exact, public_number
from .user import User
from .views import SavedView

__all__ = [
    "AccessLink",
    "ApiKey",
    "Attachment",
    "Consumer",
    "Delivery",
    "EventRecord",
    "IdempotencyKey",
    "LockingManager",
    "LockingQuerySet",
    "NumberSeries",
    "OutgoingMail",
    "SavedView",
    "User",
    "exact",
    "public_number",
]
