"""The vocabulary of facts. Pure Python: no Django, no database."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

EVENT_TYPES: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. Past tense, immutable, ids and plain values only.

    `name` is the stable dotted name. `about` names the field that holds the id of the
    record whose history this belongs to, and `about_type` that record's model label;
    `public` says that integrators may read it in the feed.
    """

    name: ClassVar[str]
    about_type: ClassVar[str] = ""
    about: ClassVar[str] = ""
    public: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Register the event under its name; a name is given once."""
        if "name" not in cls.__dict__:
            return
        if cls.name in EVENT_TYPES and EVENT_TYPES[cls.name].__module__ != cls.__module__:
            raise TypeError(f"Event name {cls.name!r} is taken")
        EVENT_TYPES[cls.name] = cls

    def payload(self) -> dict[str, Any]:
        """Return the fields as they are stored."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def thread(self) -> str:
        """Return the history this fact belongs to, as `app.model:id`, or nothing."""
        return f"{self.about_type}:{getattr(self, self.about)}" if self.about else ""


@dataclass(frozen=True, kw_only=True)
class DeliveryDied(Event):
    """A debt was given up after its last attempt; somebody has to look at it."""

    name: ClassVar[str] = "core.delivery_died"
    delivery_id: int
    handler: str
    subject_thread: str


@dataclass(frozen=True, kw_only=True)
class MailEvent(Event):
    """Something about a message; it belongs to the history that the message is about."""

    mail_id: int
    mail_thread: str = ""

    def thread(self) -> str:
        """Return the history the message is about."""
        return self.mail_thread


@dataclass(frozen=True, kw_only=True)
class MailKept(MailEvent):
    """A message was written down and waits to be sent."""

    name: ClassVar[str] = "core.mail_kept"
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class MailRefused(MailEvent):
    """The mail server will never take this message."""

    name: ClassVar[str] = "core.mail_refused"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """Something about how somebody signs in; `moment` tells two of a kind apart."""

    about_type: ClassVar[str] = "core.user"
    about: ClassVar[str] = "user_id"
    user_id: int
    moment: str = ""


@dataclass(frozen=True, kw_only=True)
class SecondStepTurnedOn(AccountEvent):
    """From now on a sign-in asks for a code, too."""

    name: ClassVar[str] = "core.second_step_turned_on"


@dataclass(frozen=True, kw_only=True)
class SecondStepTurnedOff(AccountEvent):
    """The password alone is enough again."""

    name: ClassVar[str] = "core.second_step_turned_off"


@dataclass(frozen=True, kw_only=True)
class SecondStepMoved(AccountEvent):
    """Another app took the place of the one before, and new recovery codes that of the old ones."""

    name: ClassVar[str] = "core.second_step_moved"


@dataclass(frozen=True, kw_only=True)
class SecondStepReset(AccountEvent):
    """Somebody else took the second step away, because the phone is lost for example."""

    name: ClassVar[str] = "core.second_step_reset"
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(AccountEvent):
    """New recovery codes took the place of the old ones."""

    name: ClassVar[str] = "core.recovery_codes_made"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(AccountEvent):
    """A recovery code stood in for the phone."""

    name: ClassVar[str] = "core.recovery_code_used"
    left: int


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(AccountEvent):
    """Browsers were signed out from elsewhere."""

    name: ClassVar[str] = "core.sessions_ended"
    count: int


@dataclass(frozen=True, kw_only=True)
class BulkJobDue(Event):
    """A step for many rows has rows that wait; `turn` tells one turn from the next."""

    name: ClassVar[str] = "core.bulk_job_due"
    about_type: ClassVar[str] = "core.bulkjob"
    about: ClassVar[str] = "job_id"
    job_id: int
    turn: int = 1


# The history of what is kept how long, which is about no record.
RETENTION = "core.retention:1"


@dataclass(frozen=True, kw_only=True)
class DataPurged(Event):
    """Rows of a kind that had been kept long enough are gone; those from `before` a day."""

    name: ClassVar[str] = "core.data_purged"
    kind: str
    rows: int
    before: str

    def thread(self) -> str:
        """Return the history of what is kept."""
        return RETENTION


@dataclass(frozen=True, kw_only=True)
class RetentionChanged(Event):
    """Somebody said how many years something is kept, by kind; for good where there is no number."""

    name: ClassVar[str] = "core.retention_changed"
    before: dict[str, Any]
    after: dict[str, Any]

    def thread(self) -> str:
        """Return the history of what is kept."""
        return RETENTION
