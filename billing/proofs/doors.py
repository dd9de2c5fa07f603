"""Every door through which somebody could try to change an issued document: pages, API, ORM, and SQL by hand."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from billing.models import CreditNote, Invoice
from billing.proofs.planting import Edit, NotPlanted, another, columns_of, targets, write
from core.api.keys import create_api_key
from core.models import Attachment, NumberSeries, User

Attempt = Callable[[], object]
HERE: Any = {"HTTP_HOST": "127.0.0.1", "secure": True}


def all_doors(seed: int) -> Iterator[tuple[str, Attempt]]:
    """Return every attempt with the name of its door. Each is to be made in a savepoint of its own."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    # The counters of series go on; what they may be is found by the chain.
    rows = [(model, row) for model, row in targets() if model is not NumberSeries]
    yield from _pages()
    yield from _api()
    one_of_each = {model: row for model, row in rows if getattr(row, "status", "") != "draft"}
    for model, row in one_of_each.items():
        yield from _orm(model, row, dice)
        yield from _sql(model, row, dice)


def _pages() -> Iterator[tuple[str, Attempt]]:
    client = Client()
    owner = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("proof", password=None)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    for model in (Invoice, CreditNote):
        document: Invoice | CreditNote = model._default_manager.exclude(number=None).order_by("pk")[0]
        name = f"admin:billing_{model._meta.model_name}"
        said = {"total": "1.00", "notes": "x", "status": "draft", "number": "INV-9", "_save": "Save"}
        chosen = {"action": "delete_selected", "_selected_action": [document.pk], "post": "yes"}
        for what, arguments, form in (
            ("change", [document.pk], said), ("delete", [document.pk], {"post": "yes"}), ("changelist", [], chosen)
        ):  # fmt: skip
            try:
                address = reverse(f"{name}_{what}", args=arguments)
            except NoReverseMatch:
                continue
            yield f"admin: {address}", _posting(client, address, form)


def _posting(client: Client, address: str, form: Any) -> Attempt:
    return lambda: client.post(address, form, **HERE)


def _api() -> Iterator[tuple[str, Attempt]]:
    _key, plain = create_api_key("proof", scopes=["*"])
    client = Client(HTTP_AUTHORIZATION=f"Bearer {plain}", HTTP_IDEMPOTENCY_KEY="proof-of-documents")
    for model, names in ((Invoice, "invoice"), (CreditNote, "credit-note")):
        document: Invoice | CreditNote = model._default_manager.exclude(number=None).order_by("pk")[0]
        for path in ("", "pdf/", "xml/"):
            address = f"/api/v1/{names}s/{document.number}/{path}"
            for method in ("put", "patch", "delete", "post"):
                yield f"API: {method.upper()} {address}", _asking(client, method, address)


def _asking(client: Client, method: str, address: str) -> Attempt:
    body = '{"total": "1.00", "notes": "x", "status": "draft"}'
    return lambda: getattr(client, method)(address, body, content_type="application/json", **HERE)


def _orm(model: Any, row: Any, dice: random.Random) -> Iterator[tuple[str, Attempt]]:
    about = f"ORM: {model.__name__}"
    mine = model._base_manager.filter(pk=row.pk)
    for field in columns_of(model):
        if field.primary_key:
            continue
        try:
            value = another(Edit(model, row, field.attname), dice)
        except NotPlanted:
            continue

        def save(name: str = field.attname, value: Any = value) -> None:
            changed = model._base_manager.get(pk=row.pk)
            setattr(changed, name, value)
            changed.save(update_fields=[name.removesuffix("_id")])

        def bulk(name: str = field.attname, value: Any = value) -> None:
            changed = model._base_manager.get(pk=row.pk)
            setattr(changed, name, value)
            model._base_manager.bulk_update([changed], [name.removesuffix("_id")])

        yield f"{about}.update({field.attname})", _updating(mine, field.attname, value)
        yield f"{about}.save({field.attname})", save
        yield f"{about}.bulk_update({field.attname})", bulk
    yield f"{about}.delete()", lambda: model._base_manager.get(pk=row.pk).delete()
    yield f"{about}: delete of a query", mine.delete
    yield f"{about}: raw delete", lambda: mine._raw_delete(mine.db)
    if model is Attachment or hasattr(row, "number"):
        return

    def add() -> None:
        more = model._base_manager.get(pk=row.pk)
        more.pk, more.position = None, 900
        model._base_manager.bulk_create([more])

    yield f"{about}: bulk_create beside it", add


def _updating(rows: Any, name: str, value: Any) -> Attempt:
    return lambda: rows.update(**{name.removesuffix("_id"): value})


def _sql(model: Any, row: Any, dice: random.Random) -> Iterator[tuple[str, Attempt]]:
    about = f"SQL: {model._meta.db_table}"
    for field in columns_of(model):
        edit = Edit(model, row, field.attname)
        try:
            value = another(edit, dice)
        except NotPlanted:
            continue
        yield f"{about}.{field.column}", _writing(edit, value)
    if hasattr(row, "status"):
        yield f"{about}.status = draft", _running(f"UPDATE {model._meta.db_table} SET status = 'draft'", row)  # noqa: S608
    yield f"{about}: DELETE", _running(f"DELETE FROM {model._meta.db_table}", row)  # noqa: S608


def _writing(edit: Edit, value: Any) -> Attempt:
    return lambda: write(edit, value)


def _running(statement: str, row: Any) -> Attempt:
    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE id = %s", [row.pk])

    return run
