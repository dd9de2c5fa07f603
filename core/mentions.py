"""Colleagues who are named in a text: `@maya`. Only who may see the record is offered, and told."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from core import sight
from core.models import User

MENTION = re.compile(r"(?<![\w@.])@([\w.@+-]{1,150})")
# What a sentence may put behind a name, though a name may hold it.
AFTERWARDS = ".-+@"
MOST_OFFERED = 8
MOST_LOOKED_AT = 40
MOST_NAMED = 20
MOST_CHOSEN_FROM = 200


def colleagues_for(record: Any, typed: str = "", *, but: int | None = None) -> list[User]:
    """Return a few members of staff who may see a record and whose name begins with what was typed, `but` one."""
    rows = _may_open(record).exclude(pk=but) if but else _may_open(record)
    if typed:
        words = ("username", "first_name", "last_name")
        begins = Q()
        for word in words:
            begins |= Q(**{f"{word}__istartswith": typed})
        rows = rows.filter(begins)
    return _who_see(record, rows.order_by("first_name", "username")[:MOST_LOOKED_AT])[:MOST_OFFERED]


def everybody_for(record: Any) -> list[User]:
    """Return the members of staff who may see a record, to choose one of them."""
    return _who_see(record, _may_open(record).order_by("first_name", "last_name", "username")[:MOST_CHOSEN_FROM])


def who_see(record: Any, user_ids: Iterable[int]) -> list[User]:
    """Return those of some members of staff who may see a record."""
    return _who_see(record, _may_open(record).filter(pk__in=list(user_ids)).order_by("pk"))


def named_in(text: str, record: Any) -> list[User]:
    """Return the colleagues whom a text names, as far as they may see the record it is about."""
    found = list(dict.fromkeys(MENTION.findall(text)))[:MOST_NAMED]
    names = {name.lower() for typed in found for name in (typed, typed.rstrip(AFTERWARDS)) if name}
    if not names:
        return []
    people = _may_open(record).annotate(said=Lower("username")).filter(said__in=names)
    return _who_see(record, people.order_by("username"))


def _may_open(record: Any) -> QuerySet[User]:
    """Return who holds the power to view such records, in one statement."""
    label, name = record._meta.app_label, record._meta.model_name
    powers = Permission.objects.filter(content_type__app_label=label, codename__in=[f"view_{name}", f"change_{name}"])
    own = Exists(powers.filter(user=OuterRef("pk")))
    by_role = Exists(powers.filter(group__user=OuterRef("pk")))
    rows = User.objects.filter(is_staff=True, is_active=True)
    return rows.filter(Q(is_superuser=True) | Q(own) | Q(by_role))


def _who_see(record: Any, people: Iterable[User]) -> list[User]:
    """Leave out who is limited to other places or ways than the record's; one statement for each set of limits."""
    known: dict[object, bool] = {}
    found = []
    for person in people:
        limits = frozenset(sight.limits_of(person).items())
        if limits not in known:
            row = type(record)._default_manager.filter(pk=record.pk)
            known[limits] = not limits or bool(sight.sees(person, row))
        if known[limits]:
            found.append(person)
    return found
