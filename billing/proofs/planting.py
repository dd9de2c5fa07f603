"""Edits of one byte, as somebody who owns the database could make them.

Of any column of a document, its rows, its paper and its series, or of the file itself.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, models, transaction

from billing import immutability
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.models import Attachment, NumberSeries

TABLES: tuple[Any, ...] = (Invoice, InvoiceLine, CreditNote, CreditNoteLine)
# What goes on happening to a document, and when its paper was drawn: nothing that it says.
GOES_ON = {"status", "paid_total", "credited_total", "written_off_total"}
NOT_SAID = {Attachment: {"created_at"}, Invoice: GOES_ON, CreditNote: GOES_ON}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class NotPlanted(Exception):
    """A rule of the database refused this edit even without the triggers, or there is nothing to edit."""


@dataclass(frozen=True)
class Edit:
    """One edit: of a column of a row, or of a byte of a file."""

    model: Any
    row: Any
    column: str

    def __str__(self) -> str:
        return f"{self.model.__name__} {self.row.pk}, {self.column}"


@contextmanager
def without_triggers() -> Iterator[None]:
    """Take the triggers away, and put everything back at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        immutability.remove(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield
        transaction.set_rollback(True)


def targets() -> list[tuple[Any, Any]]:
    """Return every row that belongs to an issued document, with its model."""
    papers = [model.objects.filter(pdf__isnull=False).values_list("pdf", flat=True) for model in (Invoice, CreditNote)]
    found = [(model, row) for model in TABLES for row in model.objects.order_by("pk")]
    found += [(Attachment, row) for paper in papers for row in Attachment.objects.filter(pk__in=paper).order_by("pk")]
    keyed = models.Q(key__startswith="invoice:") | models.Q(key__startswith="credit_note:")
    return found + [(NumberSeries, row) for row in NumberSeries.objects.filter(keyed)]


def any_edit(dice: random.Random, rows: list[tuple[Any, Any]]) -> Edit:
    """Return any edit of any column, or of the bytes of a paper."""
    model, row = dice.choice(rows)
    names = [one.attname for one in columns_of(model)]
    return Edit(model, row, dice.choice([*names, "bytes", "bytes"] if model is Attachment else names))


def columns_of(model: Any) -> list[Any]:
    """Return the columns that may not change any more, keys included."""
    return [one for one in model._meta.concrete_fields if one.name not in NOT_SAID.get(model, ())]


@contextmanager
def planted(edit: Edit, dice: random.Random) -> Iterator[None]:
    """Make an edit for a moment. Raises NotPlanted."""
    if edit.column == "bytes":
        path = Path(default_storage.path(str(edit.row.file.name)))
        before = path.read_bytes()
        at = dice.randrange(len(before))
        path.write_bytes(before[:at] + bytes([before[at] ^ 1 << dice.randrange(8)]) + before[at + 1 :])
        try:
            yield
        finally:
            path.write_bytes(before)
        return
    savepoint = transaction.savepoint()
    try:
        write(edit, another(edit, dice))
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


def write(edit: Edit, value: Any) -> None:
    """Write a value into a column by SQL, past every model. Raises NotPlanted where the database refuses."""
    field = edit.model._meta.get_field(edit.column)
    table, column, key = (
        connection.ops.quote_name(name)
        for name in (edit.model._meta.db_table, field.column, edit.model._meta.pk.column)
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            prepared = field.get_db_prep_save(value, connection)
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [prepared, edit.row.pk])  # noqa: S608
    except DatabaseError as refusal:
        raise NotPlanted(str(refusal)) from refusal


def another(edit: Edit, dice: random.Random) -> Any:
    """Return what a column would hold after one byte of it was changed. Raises NotPlanted where there is none."""
    field, value = edit.model._meta.get_field(edit.column), getattr(edit.row, edit.column)
    if isinstance(field, models.JSONField):
        return _json(value, dice)
    if isinstance(field, models.DateTimeField):
        moment: datetime | None = value
        return None if moment is None else moment.replace(microsecond=moment.microsecond ^ 1)
    if isinstance(field, models.DateField):
        day: date | None = value
        return date(2020, 1, 1) if day is None else day.replace(day=day.day % 28 + 1)
    if isinstance(field, models.DecimalField):
        return Decimal(_digit(f"{value:.{field.decimal_places}f}", dice))
    if isinstance(field, models.ForeignKey | models.IntegerField):
        return dice.randint(1, 9) if value is None else int(_digit(str(value), dice))
    return _text(str(value or ""), dice)


def _digit(text: str, dice: random.Random) -> str:
    at = dice.choice([place for place, char in enumerate(text) if char.isdigit()])
    return text[:at] + dice.choice([digit for digit in "0123456789" if digit != text[at]]) + text[at + 1 :]


def _text(text: str, dice: random.Random) -> str:
    if not text:
        return dice.choice(LETTERS)
    at = dice.randrange(len(text))
    return text[:at] + dice.choice([letter for letter in LETTERS if letter != text[at]]) + text[at + 1 :]


def _json(value: Any, dice: random.Random) -> Any:
    """Change one leaf of what is kept as JSON, by a byte."""
    if isinstance(value, dict | list):
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not places:
            raise NotPlanted("There is nothing in it")
        place = dice.choice(places)
        changed: Any = dict(value) if isinstance(value, dict) else list(value)
        changed[place] = _json(value[place], dice)
        return changed
    if isinstance(value, bool) or value is None:
        return not value
    return int(_digit(str(value), dice)) if isinstance(value, int) else _text(str(value), dice)
