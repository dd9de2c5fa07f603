"""The one door through which a status moves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from core.actors import Actor
from core.errors import Conflict, TransitionRefused
from core.inserting import insert_rows
from core.models import EventRecord
from core.service import current_unit, write_entry
from core.updating import update_row


def advance(
    subject: models.Model,
    *transitions: str,
    actor: Actor,
    note: str = "",
    at: datetime | None = None,
    times: Mapping[str, datetime] | None = None,
) -> None:
    """Take transitions on a locked (or new) row, save it once, and write down who did it.

    Saves every field of the row, so set the others first. `at` is when it happened, for history that is told
    afterwards, and `times` where single transitions happened at times of their own. All the transitions are taken, or
    none: raises TransitionRefused, with nothing changed or noted, when the machine or a guard says no to one of them,
    and Conflict when somebody else moved the row in between.
    """
    current_unit()
    machine: Any = subject
    version = getattr(subject, "version", None)
    before, untouched = machine.status, dict(vars(subject))
    passages = []
    for transition in transitions:
        source = machine.status
        try:
            getattr(machine, transition)()
        except TransitionNotAllowed:
            reason = _refusal(subject, transition)
            # As if nothing had been tried: a caller may go on after a refusal.
            vars(subject).update(untouched)
            raise TransitionRefused(reason, status=before, transition=transition) from None
        passages.append((transition, source, machine.status))
    for number, (transition, source, target) in enumerate(passages):
        record = EventRecord(
            name=f"{subject._meta.app_label}.{subject._meta.model_name}.{transition}",
            transition=transition,
            source=source,
            target=target,
            actor=str(actor),
            note=note,
            at=(times or {}).get(transition) or at or timezone.now(),
            # The one that ends with it.
            payload={} if version is None else {"version": version + number},
        )
        write_entry(record, subject=subject)
    if version is not None:
        machine.version += len(transitions)
    _save(subject, before)


def _refusal(subject: models.Model, transition: str) -> str:
    """Say why, in the words of the subject where it has them (`why_not`)."""
    explain = getattr(subject, "why_not", None)
    if explain is not None and (reason := explain(transition)):
        return str(reason)
    return f"{subject._meta.verbose_name.capitalize()} cannot {transition} while {subject.status}"  # type: ignore[attr-defined,union-attr]


def _save(subject: models.Model, before: str) -> None:
    """Write the row only if it still stands where we read it: the guard that also holds without row locks."""
    if subject._state.adding:
        insert_rows([subject])
        return
    if not update_row(subject, status=before):
        raise Conflict("Somebody else changed this at the same moment; look again", code_hint="concurrent_change")
