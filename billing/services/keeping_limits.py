"""Limits that somebody sets: saved, and written down with what they said before."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import models

from core.actors import Actor
from core.service import note_change, service

L = TypeVar("L", bound=models.Model)


@service
def keep_limit(
    limit: L, changes: Mapping[str, object], *, name: str, said: Callable[[L], dict[str, Any]], actor: Actor
) -> L:
    """Save a limit, new or known, and write down under a name what it said before and says now, with its currency."""
    is_new = limit._state.adding
    before = {} if is_new else said(limit)
    for field, value in changes.items():
        setattr(limit, field, value)
    limit.save(update_fields=None if is_new else list(changes))
    after = said(limit)
    note_change(limit, name, actor=actor, before=before, after=after, currency=str(after["currency"]))
    return limit
