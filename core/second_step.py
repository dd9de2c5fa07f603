"""The second step of a sign-in: a code from an authenticator app, or one of ten recovery codes.

A code of the app is good for its half minute and the ones beside it, because clocks differ, and works once; so does a
recovery code. Whoever may try, and how often, is decided where passwords are: `core.signing_in`.
"""

import hashlib
import re
import secrets
import time

import pyotp
import segno
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils import timezone

from core import encryption
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.events import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStepMoved,
    SecondStepReset,
    SecondStepTurnedOff,
    SecondStepTurnedOn,
)
from core.models import RecoveryCode, SecondStep, SecondStepRule, User
from core.outbox import emit
from core.service import service
from core.sessions import end_sessions

HALF_MINUTE = 30
# How many half minutes a clock may be early or late.
DRIFT = 1
RECOVERY_CODES = 10
# Nothing that is mistaken for something else on paper. Sixteen of them hold 79 random bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
APP_CODE = re.compile(r"[0-9]{6}")
PAPER_CODE = re.compile(r"[a-z0-9]{16}")


class WrongCode(Invalid):
    """The code is not right, or was used before."""

    code = "wrong_code"


class SecondStepIsOn(Conflict):
    """It is turned on already, in another window for example."""

    code = "second_step_is_on"


class SecondStepIsOff(Conflict):
    """There is nothing to turn off or to renew."""

    code = "second_step_is_off"


class SecondStepRequired(Conflict):
    """A group of theirs, or the house, asks for it."""

    code = "second_step_required"


def new_secret() -> str:
    """Return a secret that an app and we may share."""
    return pyotp.random_base32()


def address_of(secret: str, user: User) -> str:
    """Return what the app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=settings.COMPANY_NAME)


def picture_of(address: str) -> str:
    """Return the picture that a phone reads, as the address of an image; light also where the page is dark."""
    return segno.make(address, error="m").svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True)


def is_required(user: User) -> bool:
    """Whether this person may not sign in by password alone."""
    if not user.is_staff:
        return False
    return settings.SECOND_STEP_REQUIRED or SecondStepRule.objects.filter(group__user=user).exists()


def is_readable(user: User) -> bool:
    """Whether codes of the app can be checked: not after a change of SECRET_KEY."""
    kept = SecondStep.objects.filter(user=user).values_list("secret", flat=True).first()
    return kept is not None and encryption.decrypt(kept) is not None


def codes_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


@service
def turn_on(user_id: int, *, secret: str, code: str, actor: Actor, move: bool = False) -> list[str]:
    """Ask for a code at every sign-in from now on. Returns the recovery codes, which are never seen again.

    With `move` the app of another phone takes the place of the one before. Raises WrongCode when the app does not show
    what it should: the clock of one of the two is wrong.
    """
    user = _locked(user_id)
    was_on = user.second_step_since is not None
    if was_on and not move:
        raise SecondStepIsOn("Two-step sign-in is on already")
    if (moment := _moment_of(_plain(code), secret)) is None:
        raise WrongCode("This code is not right. Take the one that the app shows now.")
    kept = {"secret": encryption.encrypt(secret), "last_used": moment}
    SecondStep.objects.update_or_create(user=user, defaults=kept)
    user.second_step_since = user.second_step_since or timezone.now()
    user.save(update_fields=["second_step_since"])
    codes = _make_codes(user)
    happened = SecondStepMoved if was_on else SecondStepTurnedOn
    emit(happened(user_id=user.pk, moment=_now()), actor=actor)
    return codes


@service
def turn_off(user_id: int, *, actor: Actor) -> None:
    """Let the password be enough again.

    Raises SecondStepRequired where a group or the house asks for two steps.
    """
    user = _locked(user_id)
    if user.second_step_since is None:
        raise SecondStepIsOff("Two-step sign-in is off already")
    if is_required(user):
        raise SecondStepRequired("Your account has to use two-step sign-in; it cannot be turned off")
    _forget(user)
    emit(SecondStepTurnedOff(user_id=user.pk, moment=_now()), actor=actor)


@service
def reset(user_id: int, *, reason: str, actor: Actor) -> None:
    """Take somebody's second step away because they can no longer take it, and sign them out everywhere."""
    user = _locked(user_id)
    if user.second_step_since is None:
        raise SecondStepIsOff("Two-step sign-in is off already")
    _forget(user)
    end_sessions(user.pk, actor=actor)
    emit(SecondStepReset(user_id=user.pk, reason=reason, moment=_now()), actor=actor)


@service
def renew_codes(user_id: int, *, actor: Actor) -> list[str]:
    """Make ten new recovery codes, and the old ones useless. They are never seen again."""
    user = _locked(user_id)
    if user.second_step_since is None:
        raise SecondStepIsOff("Two-step sign-in is off already")
    codes = _make_codes(user)
    emit(RecoveryCodesMade(user_id=user.pk, moment=_now()), actor=actor)
    return codes


@service
def use_code(user_id: int, code: str, *, actor: Actor) -> bool:
    """Use a code up. False when it is not right, or was used before."""
    typed = _plain(code)
    return _use_recovery_code(user_id, typed, actor) if PAPER_CODE.fullmatch(typed) else _use_app_code(user_id, typed)


@service
def require_of_group(group: Group, *, required: bool) -> None:
    """Ask the members of a group for two steps, or no longer."""
    if required:
        SecondStepRule.objects.get_or_create(group=group)
    else:
        SecondStepRule.objects.filter(group=group).delete()


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _forget(user: User) -> None:
    SecondStep.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    user.second_step_since = None
    user.save(update_fields=["second_step_since"])


def _make_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash(user.pk, code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def _use_app_code(user_id: int, typed: str) -> bool:
    step = SecondStep.objects.filter(user_id=user_id).first()
    secret = encryption.decrypt(step.secret) if step else None
    moment = _moment_of(typed, secret) if secret else None
    if step is None or secret is None or moment is None:
        return False
    # The secret follows a change of SECRET_KEY when it is used.
    kept = step.secret if encryption.is_kept_newly(step.secret) else encryption.encrypt(secret)
    # The condition lets one of two twins through.
    unused = SecondStep.objects.filter(pk=step.pk, secret=step.secret, last_used__lt=moment)
    return unused.update(last_used=moment, secret=kept) == 1


def _use_recovery_code(user_id: int, typed: str, actor: Actor) -> bool:
    unused = RecoveryCode.objects.filter(user_id=user_id, used_at__isnull=True)
    if unused.filter(code_hash=_hash(user_id, typed)).update(used_at=timezone.now()) != 1:
        return False
    emit(RecoveryCodeUsed(user_id=user_id, left=unused.count(), moment=_now()), actor=actor)
    return True


def _moment_of(typed: str, secret: str) -> int | None:
    """Return the half minute that a code belongs to, or nothing when it is none of now."""
    if not APP_CODE.fullmatch(typed):
        return None
    now = int(time.time()) // HALF_MINUTE
    clock = pyotp.TOTP(secret)
    for moment in range(now + DRIFT, now - DRIFT - 1, -1):
        if secrets.compare_digest(clock.generate_otp(moment), typed):
            return moment
    return None


def _plain(text: str) -> str:
    """Return a code without what people put between its letters."""
    return re.sub(r"[\s-]", "", text).lower()


def _hash(user_id: int, code: str) -> str:
    """Hash a code of 79 random bits: nothing to guess, so nothing to slow down. It outlives SECRET_KEY on purpose."""
    return hashlib.sha256(f"{user_id}:{code}".encode()).hexdigest()


def _now() -> str:
    return timezone.now().isoformat()
