"""The types of holds, kept in the process: what each stops, what lifts it, how long it lasts, who may lift it.

Whoever changes them calls `forget`; other processes see it after `MAX_AGE` seconds at the latest.
"""

from core.keeping import Kept
from orders.models import Hold, HoldType, LiftedBy

MAX_AGE = 30.0
# What lifts a hold of these types where the house has not said otherwise.
USUALLY_LIFTED_BY = {
    Hold.Kind.PAYMENT: LiftedBy.PAID,
    Hold.Kind.CREDIT: LiftedBy.PAID,
    Hold.Kind.ADDRESS: LiftedBy.ADDRESS,
    Hold.Kind.ARREARS: LiftedBy.ARREARS,
}

BY_ITSELF = (Hold.Kind.CHECK, Hold.Kind.APPROVAL)


def _read() -> dict[str, HoldType]:
    """Read the types; one of the first day is there even where its row is not."""
    known = {code: _usual(code) for code in Hold.Kind.values}
    return known | {one.code: one for one in HoldType.objects.all()}


def _usual(code: str) -> HoldType:
    # A check that fails places its holds itself, and so does a discount beyond a role.
    lifted_by = USUALLY_LIFTED_BY.get(Hold.Kind(code), "")
    may_lift = HoldType.MayLift.MONEY if code == Hold.Kind.APPROVAL else ""
    return HoldType(code=code, auto_release=lifted_by, may_lift=may_lift, active=code not in BY_ITSELF)


_kept = Kept(_read, max_age=MAX_AGE)


def forget() -> None:
    """Read the types anew: now, and once more when the change that asks for it is committed."""
    _kept.forget()


def hold_types() -> list[HoldType]:
    """Return the types that are offered."""
    return [one for one in _kept.get().values() if one.active]


def every_type() -> list[HoldType]:
    """Return all types, also those that are not offered any more."""
    return list(_kept.get().values())


def type_of(code: str) -> HoldType | None:
    """Return a type, offered or not."""
    return _kept.get().get(code)


def name_of(code: str) -> str:
    """Name a type in the reader's language; one that is gone is told by its code."""
    known = type_of(code)
    return known.title() if known is not None else code
