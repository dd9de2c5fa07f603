"""The tables of the mechanics."""

from .access import AccessLink, ApiKey
from .base import LockingManager, LockingQuerySet
from .bulk import BulkJob, BulkRow
from .events import Consumer, Delivery, EventRecord
from .idempotency import IdempotencyKey
from .messages import Attachment, OutgoingMail
from .milestones import Milestone
from .notices import Notice
from .numbering import NumberSeries
from .numbers import exact, public_number
from .retention import RetentionPeriod
from .roles import Role
from .second_step import RecoveryCode, SecondStep, SecondStepRule
from .sessions import BrowserSession
from .user import User
from .views import SavedView

__all__ = [
    "AccessLink",
    "ApiKey",
    "Attachment",
    "BrowserSession",
    "BulkJob",
    "BulkRow",
    "Consumer",
    "Delivery",
    "EventRecord",
    "IdempotencyKey",
    "LockingManager",
    "LockingQuerySet",
    "Milestone",
    "Notice",
    "NumberSeries",
    "OutgoingMail",
    "RecoveryCode",
    "RetentionPeriod",
    "Role",
    "SavedView",
    "SecondStep",
    "SecondStepRule",
    "User",
    "exact",
    "public_number",
]
