"""The chain over documents that are there already: for the migration that brought it, and for data made by SQL."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps as installed
from django.db import connection

from billing import chain, immutability

AT_ONCE = 1000
# Of each kind: its model, its rows, and what ties the rows to it.
KINDS = {
    chain.INVOICE: ("Invoice", "InvoiceLine", "invoice_id"),
    chain.CREDIT_NOTE: ("CreditNote", "CreditNoteLine", "credit_note_id"),
}


def series_key(kind: str, seller_code: str, series: str) -> str:
    """Name the series in which a document is numbered."""
    return f"{kind}:{seller_code}:{series}"


def digests(
    kind: str, heads: Sequence[dict[str, Any]], line_model: Any, key: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Return documents, as rows with their number, each with the hash of what it says now."""
    lines: dict[int, list[dict[str, Any]]] = {}
    names = chain.LINE[kind]
    rows = line_model._base_manager.filter(**{f"{key}__in": [head["id"] for head in heads]})
    for document_id, *values in rows.order_by().values_list(key, *names):
        lines.setdefault(document_id, []).append(dict(zip(names, values, strict=True)))
    for head in heads:
        stem = chain.stem_of(head["number"] or "")
        yield head, chain.digest_of(kind, stem, head, lines.get(head["id"], []))


def chain_everything(apps: Any = installed) -> None:
    """Tie all documents that have a number, series by series. The triggers are in place again at the end.

    Keeps place and key of one series in memory: some hundred bytes for each document.
    """
    immutability.remove(connection)
    sellers = dict(apps.get_model("billing", "LegalEntity")._base_manager.values_list("pk", "code"))
    for kind, (document, line, key) in KINDS.items():
        model, line_model = apps.get_model("billing", document), apps.get_model("billing", line)
        numbered = model._base_manager.filter(number__isnull=False)
        for seller, series in set(numbered.order_by().values_list("legal_entity_id", "series").distinct()):
            seal = _chain_series(kind, model, line_model, key, seller, series)
            found = apps.get_model("core", "NumberSeries")._base_manager
            found.filter(key=series_key(kind, sellers[seller], series)).update(seal=seal)
    immutability.install(connection)


def _chain_series(kind: str, model: Any, line_model: Any, key: str, seller: int, series: str) -> str:
    mine = model._base_manager.filter(number__isnull=False, legal_entity_id=seller, series=series)
    mine = mine.order_by().values_list("pk", "number")
    # The migration that brought the chain knows the columns of its day.
    known = {field.attname for field in model._meta.concrete_fields}
    names = [name for name in chain.HEAD[kind] if name in known or name not in chain.LATER]
    places = sorted((int(number.rpartition("-")[2]), pk) for pk, number in mine.iterator())
    table, seal = connection.ops.quote_name(model._meta.db_table), ""
    for start in range(0, len(places), AT_ONCE):
        batch = places[start : start + AT_ONCE]
        rows = model._base_manager.filter(pk__in=[pk for _, pk in batch]).values("number", *names)
        found = {head["id"]: digest for head, digest in digests(kind, list(rows), line_model, key)}
        changes = []
        for place, pk in batch:
            seal = chain.seal_of(seal, place, found[pk])
            changes.append((place, found[pk], seal, pk))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table} SET place = %s, digest = %s, seal = %s WHERE id = %s",  # noqa: S608
                changes,
            )
    return seal
