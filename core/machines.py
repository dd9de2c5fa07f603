"""The machines of all apps, and what is always true of them: I5 and I7."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from django_fsm import FSMFieldMixin

from core.invariants import Invariant

ANYWHERE = ("*", "+")


def machines() -> list[tuple[type[models.Model], Any]]:
    """Return every model whose status is a machine, with the field of the status."""
    found = ((model, field) for model in apps.get_models() for field in model._meta.concrete_fields)
    return [(model, field) for model, field in found if isinstance(field, FSMFieldMixin)]


def passages(model: type[models.Model], field: Any) -> Iterator[tuple[str, str, str]]:
    """Return every legal passage of a machine: transition, from, to."""
    states = [str(state) for state, _label in field.flatchoices]
    for transition in field.get_all_transitions(model):
        sources = states if transition.source in ANYWHERE else [str(transition.source)]
        for source in sources:
            if transition.source == "+" and source == str(transition.target):
                continue
            yield transition.name, source, str(transition.target)


def machine_invariants() -> list[Invariant]:
    """Return what must be true of each machine's history."""
    return [one for model, field in machines() for one in (_logged(model, field), _legal(model, field))]


def _logged(model: type[models.Model], field: Any) -> Invariant:
    """I5: the status of a row is what the last line of its history says, or the first state."""
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    return Invariant(
        code="I5",
        name=f"every change of status is in the log: {model._meta.label_lower}",
        rows=f"SELECT count(*) FROM {table}",  # noqa: S608 - our own names
        breaches=f"""
            SELECT m.{key} FROM {table} m
            WHERE m.{quote(field.column)} <> COALESCE((
                SELECT e.target FROM core_eventrecord e
                WHERE e.subject_type = %(kind)s AND e.subject_id = m.{key} AND e.transition <> ''
                ORDER BY e.id DESC LIMIT 1
            ), %(first)s)
            ORDER BY m.{key}
        """,  # noqa: S608 - our own names
        parameters={"kind": model._meta.label_lower, "first": str(field.default)},
    )


def _legal(model: type[models.Model], field: Any) -> Invariant:
    """I7: each passage starts where the one before ended, and the machine knows it."""
    known = sorted({"|".join(passage) for passage in passages(model, field)})
    names = {f"passage{index}": passage for index, passage in enumerate(known)}
    history = "FROM core_eventrecord e WHERE e.subject_type = %(kind)s AND e.transition <> ''"
    touched = f"AND e.subject_id IN (SELECT e.subject_id {history} /* since e.recorded_at */)"
    return Invariant(
        code="I7",
        name=f"history is a legal chain from the first state: {model._meta.label_lower}",
        rows=f"SELECT count(*) {history} /* since e.recorded_at */",
        breaches=f"""
            SELECT DISTINCT chain.subject_id FROM (
                SELECT e.subject_id, e.source, e.transition || '|' || e.source || '|' || e.target AS passage,
                       lag(e.target) OVER (PARTITION BY e.subject_id ORDER BY e.id) AS before
                {history} {touched}
            ) AS chain
            WHERE chain.source <> COALESCE(chain.before, %(first)s)
               OR chain.passage NOT IN ({", ".join(f"%({name})s" for name in names)})
            ORDER BY chain.subject_id
        """,  # noqa: S608 - our own names
        parameters={"kind": model._meta.label_lower, "first": str(field.default), **names},
    )
