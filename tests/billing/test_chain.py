"""Issued documents are chained: whatever somebody changes by hand, past the triggers, is found and named."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from billing import chain, chaining, immutability
from billing import services as billing
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.verifying import Fault, verify
from core.actors import SYSTEM
from core.models import NumberSeries
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]
# What goes on happening to a document; its keys and amounts are hashed with it.
GOES_ON = {"status", "paid_total", "credited_total", "written_off_total", "pdf"}
DOCUMENTS = (Invoice, CreditNote, InvoiceLine, CreditNoteLine)


@pytest.fixture
def issued(run_debts):
    """Three invoices, and a credit note for the second."""
    for _ in range(3):
        billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    second = Invoice.objects.get(number="INV-000002")
    row = InvoiceLine.objects.get(invoice=second, sku="MUG-RED")
    billing.credit_invoice(second.pk, quantities={row.pk: 1}, reference="RMA-1", actor=SYSTEM)
    run_debts()
    assert faults() == []
    return second


def faults(**given):
    return [(one.kind, one.document) for one in verify(**given) if isinstance(one, Fault)]


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def by_hand(issued):
    """Somebody who owns the database takes the triggers away, and lets no rule stop him."""
    planted = transaction.savepoint()
    sql("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    immutability.remove(connection)
    if connection.vendor == "postgresql":
        for model in DOCUMENTS:
            table = model._meta.db_table
            sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'u')",
                    [table],
                )
                for (name,) in cursor.fetchall():
                    sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        sql("DROP INDEX one_live_invoice_per_shipment")
    else:
        for table in (model._meta.db_table for model in DOCUMENTS):
            sql(f"CREATE TABLE planted AS SELECT * FROM {table}")
            sql(f"DROP TABLE {table}")
            sql(f"ALTER TABLE planted RENAME TO {table}")
            sql(f"CREATE UNIQUE INDEX {table}_key ON {table} (id)")
    yield issued
    transaction.savepoint_rollback(planted)


def another(field, value):
    """Return a value that the column could hold, as close to the one it holds as can be."""
    if isinstance(field, models.DecimalField):
        return f"{value + Decimal(1).scaleb(-field.decimal_places)}"
    if isinstance(field, models.JSONField):
        return json.dumps([*value, {}] if isinstance(value, list) else {**value, "name": "Somebody Else"})
    if isinstance(field, models.DateField):
        return "2020-01-01 00:00:00+00:00" if isinstance(field, models.DateTimeField) else "2020-01-01"
    if isinstance(field, models.ForeignKey | models.IntegerField):
        return (value or 0) + 1000
    return (
        f"{value}x"
        if not value or len(value) < field.max_length
        else f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"
    )


@contextmanager
def undone():
    """Take back what was planted."""
    planted = transaction.savepoint()
    yield
    transaction.savepoint_rollback(planted)


@pytest.mark.parametrize("model", DOCUMENTS)
def test_one_changed_column_is_found(by_hand, model):
    wanted = {Invoice: {"pk": by_hand.pk}, InvoiceLine: {"invoice": by_hand}}.get(model, {})
    row = model.objects.filter(**wanted).order_by("pk").first()
    fields = [one for one in model._meta.concrete_fields if one.name not in GOES_ON and not one.primary_key]
    assert len(fields) > 13
    for field in fields:
        with undone():
            value = another(field, getattr(row, field.attname))
            sql(f'UPDATE {model._meta.db_table} SET "{field.column}" = %s WHERE id = %s', value, row.pk)
            assert faults(), field.name
    assert faults() == []


def test_everything_that_is_not_going_on_is_hashed():
    tied = {"number", "place", "digest", "seal"}
    for kind, (document, line, key) in chaining.KINDS.items():
        head, row = apps.get_model("billing", document), apps.get_model("billing", line)
        names = {field.attname for field in head._meta.concrete_fields if field.name not in GOES_ON}
        assert names - tied == set(chain.HEAD[kind])
        assert {field.attname for field in row._meta.concrete_fields} - {key} == set(chain.LINE[kind])


PLANTED = [
        (["UPDATE billing_invoice SET notes = 'x' WHERE place = 2"], [("changed", "INV-000002")]),
        (["UPDATE billing_invoiceline SET name = name || ' ' WHERE invoice_id = {id} AND position = 1"],
         [("changed", "INV-000002")]),
        (["DELETE FROM billing_invoiceline WHERE invoice_id = {id} AND position = 1"], [("changed", "INV-000002")]),
        (["UPDATE billing_invoiceline SET invoice_id = {id} WHERE position = 3 AND invoice_id <> {id}"],
         [("changed", "INV-000001"), ("changed", "INV-000002"), ("changed", "INV-000003")]),
        (["UPDATE billing_invoice SET status = 'draft' WHERE place = 3"], [("changed", "INV-000003")]),
        (["DELETE FROM billing_invoice WHERE place = 1"], [("missing", "INV-000001")]),
        (["DELETE FROM billing_invoice WHERE place = 3"], [("missing", "INV-000003")]),
        (["DELETE FROM billing_invoice WHERE place < 3"], [("missing", "INV-000001 to INV-000002")]),
        (["DELETE FROM billing_invoice"], [("missing", "…-000001 to …-000003")]),
        (["UPDATE billing_invoice SET number = NULL, place = NULL, status = 'draft' WHERE place = 2"],
         [("missing", "INV-000002")]),
        (["UPDATE billing_invoice SET place = NULL WHERE place = 2"],
         [("missing", "INV-000002"), ("unchained", "INV-000002")]),
        # Somebody knows how it is done, and hashes his change too; or writes over the last one and its seal.
        (["UPDATE billing_invoice SET digest = repeat_a WHERE place = 2"],
         [("changed", "INV-000002"), ("broken", "INV-000002")]),
        (["UPDATE billing_invoice SET seal = repeat_a WHERE place = 2"],
         [("broken", "INV-000002"), ("broken", "INV-000003")]),
        (["UPDATE billing_invoice SET seal = repeat_a WHERE place = 3"],
         [("broken", "INV-000003"), ("broken", "INV-000003")]),
        (["UPDATE core_numberseries SET seal = repeat_a WHERE key = 'invoice:main:'"], [("broken", "INV-000003")]),
        (["UPDATE core_numberseries SET last = 2 WHERE key = 'invoice:main:'"], [("inserted", "INV-000003")]),
        (["UPDATE core_numberseries SET last = 9 WHERE key = 'invoice:main:'"],
         [("missing", "INV-000004 to INV-000009")]),
        (["DELETE FROM core_numberseries WHERE key = 'credit_note:main:'"], [("inserted", "CN-000001")]),
        (["UPDATE billing_invoice SET place = 4, number = 'INV-000004' WHERE place = 3"],
         [("missing", "INV-000003"), ("inserted", "INV-000004")]),
        (["UPDATE billing_invoice SET place = 9 WHERE place = 1", "UPDATE billing_invoice SET place = 1, number = "
          "'INV-00001' WHERE place = 2",
          "UPDATE billing_invoice SET place = 2, number = 'INV-000002' WHERE place = 9"],
         [("changed", "INV-00001"), ("broken", "INV-00001"), ("broken", "INV-000002"), ("broken", "INV-000003")]),
]  # fmt: skip


def test_each_kind_of_edit_is_named(by_hand):
    for statements, found in PLANTED:
        with undone():
            for statement in statements:
                sql(statement.format(id=by_hand.pk).replace("repeat_a", f"'{'a' * 64}'"))
            assert faults(papers=False) == found, statements


def test_a_document_put_in_between_is_named(by_hand):
    table, names = Invoice._meta.db_table, [field.column for field in Invoice._meta.concrete_fields]
    values = [{"id": "id + 5000", "number": "'INV-000002a'"}.get(name, f'"{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    sql(f"INSERT INTO {table} ({quoted}) SELECT {', '.join(values)} FROM {table} WHERE place = 2")

    assert ("inserted", "INV-000002a") in faults()


def test_a_new_hash_over_everything_behind_is_found_by_the_seal_of_the_series(by_hand):
    """Who hashes the rest anew has to write over the last seal too; who noted it elsewhere still has the old one."""
    before = NumberSeries.objects.get(key="invoice:main:").seal
    sql("UPDATE billing_invoice SET notes = 'x' WHERE place = 2")
    chaining.chain_everything()
    assert faults() == []
    assert NumberSeries.objects.get(key="invoice:main:").seal != before

    NumberSeries.objects.filter(key="invoice:main:").update(seal=before)
    assert faults() == [("broken", "INV-000003")]


@pytest.mark.parametrize("key", ["invoice:main;", "invoice:mein:", "invoice:main:A", "Invoice:main:", "invoice;main:"])
def test_a_series_whose_key_was_changed_is_found(by_hand, key):
    NumberSeries.objects.filter(key="invoice:main:").update(key=key)

    assert ("inserted", "INV-000003") in faults(papers=False)


def test_a_paper_that_is_not_the_one_that_was_kept_is_found(issued):
    kept, other = (
        billing.render_invoice_pdf(pk) for pk in Invoice.objects.order_by("pk").values_list("pk", flat=True)[:2]
    )
    assert faults() == []
    immutability.remove(connection)
    Invoice.objects.filter(pk=issued.pk).update(pdf=kept)
    assert faults() == [("paper", "INV-000002")]
    Invoice.objects.filter(pk=issued.pk).update(pdf=other)
    default_storage.delete(kept.file.name)
    assert faults() == [("paper", "INV-000001")]
    assert faults(papers=False) == []


def test_the_command_names_what_it_found_and_ends_with_one(by_hand):
    out = StringIO()
    call_command("verify_documents", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["ok"] is True
    assert [(one["key"], one["documents"]) for one in told["series"]] == [
        ("credit_note:main:", 1),
        ("invoice:main:", 3),
    ]
    assert told["series"][1]["seal"] == Invoice.objects.get(number="INV-000003").seal

    sql("UPDATE billing_invoice SET buyer = '{{}}' WHERE place = 2".replace("{{}}", "{}"))
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_documents", stdout=out)
    assert ended.value.code == 1
    assert "CHANGED   INV-000002 (invoice:main:): it does not say any more what was issued" in out.getvalue()
    assert "4 documents, 1 fault" in out.getvalue()


def test_what_was_issued_before_there_was_a_chain_is_chained(issued):
    """As the migration does it: the same seals as if each had been chained when it was issued."""
    before = dict(Invoice.objects.values_list("number", "seal"))
    immutability.remove(connection)
    for model in (Invoice, CreditNote):
        model.objects.update(place=None, digest="", seal="")
    NumberSeries.objects.update(seal="")
    assert ("unchained", "INV-000001") in faults()

    chaining.chain_everything()

    assert faults() == []
    assert dict(Invoice.objects.values_list("number", "seal")) == before
    assert len(immutability.in_place(connection)) == 12
    billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    assert faults() == []


def test_numbering_a_document_says_one_statement_to_its_series():
    draft = billing.invoice_order(place().pk, actor=SYSTEM)
    with CaptureQueriesContext(connection) as asked:
        billing.issue_invoice(draft.pk)
    said = [one["sql"] for one in asked.captured_queries if "core_numberseries" in one["sql"]]
    assert len(said) == 1


def test_the_text_is_the_one_that_is_written_down():
    """Whatever changes here breaks every chain there is: it takes a new version beside this one."""
    moment = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)
    head = dict.fromkeys(chain.HEAD[chain.INVOICE]) | {
        "id": 7, "buyer": {"name": "Ädä", "b": True}, "net_total": Decimal("10"), "rounding": Decimal("-0.00"),
        "issued_at": moment, "issued_on": moment.date(),
    }  # fmt: skip
    line = dict.fromkeys(chain.LINE[chain.INVOICE]) | {"id": 1, "position": 1, "tax_rate": Decimal("0.19")}
    text = chain.text_of(chain.INVOICE, "INV", head, [line])

    assert text.startswith(
        '{"head":{"buyer":{"b":true,"name":"Ädä"},"created_at":null,"currency":null,"due_on":null,"id":7,'
    )
    assert '"issued_at":"2026-11-29T05:00:00.000000+00:00","issued_on":"2026-11-29"' in text
    assert '"net_total":"10.000"' in text
    assert '"rounding":"0.000"' in text
    assert '"number":"INV"' in text
    assert text.endswith('"tax_rate":"0.1900","tax_total":null,"total":null,"unit_price":null}],"v":1}')
