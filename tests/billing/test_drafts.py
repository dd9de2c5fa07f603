"""A draft that nobody was sent follows its order: an edit draws it anew, a cancellation discards it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from billing import services as billing
from billing.errors import NothingToInvoice
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.services import cancelled, invoicing, redrawing
from core.actors import SYSTEM, Actor
from core.models import Delivery, EventRecord
from orders import services as orders
from orders.admin.steps import cancelling
from orders.models import OrderLine
from orders.wishes import LineWish, NewLine, Wish
from pricing.models import Channel
from tests.factories.billing import ADA, again, place, ship, ship_all
from tests.races.moments import just_before

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
INES = Actor("user", "ines")
FIVE = {"MUG-RED": 5}


@pytest.fixture
def order(run_debts):
    """Return an order of five mugs, on account, that is confirmed."""
    found = place(FIVE)
    run_debts()
    return again(found)


def drafted(order):
    """Have an order billed at once; the worker who numbers it is busy."""
    return billing.invoice_order(order.pk, actor=INES)


def edit(order, *lines, actor=SYSTEM, **wish):
    """Wish for other quantities of lines, by their position, and whatever else."""
    said = Wish(lines=tuple(LineWish(position=position, quantity=units) for position, units in lines), **wish)
    orders.amend_order(order.pk, said, expected_version=again(order).version, reason="Fewer", actor=actor)


def billed(order):
    """Return the papers of an order: number, total and units of each invoice, and what credit notes take back."""
    papers = [
        (one.number, str(one.total), sum(row.quantity for row in one.lines.filter(order_line__isnull=False)))
        for one in Invoice.objects.filter(order=order).order_by("pk")
    ]
    return papers, [str(note.total) for note in CreditNote.objects.filter(order=order)]


def said_of(order, name):
    """Return what the history of an order says under a name: before, after and why."""
    found = EventRecord.objects.filter(thread=f"orders.order:{order.pk}", name=name).order_by("pk")
    return [(one.payload["before"], one.payload["after"], one.note, one.actor) for one in found]


def nothing_is_owed():
    """Whether every debt was paid."""
    return not Delivery.objects.exclude(status="done").exists()


# An edit


def test_an_edit_before_the_number_shrinks_the_draft_and_what_ships_is_billed_once(order, run_debts):
    draft = drafted(order)
    edit(order, (1, 3), actor=INES)
    assert billed(order) == ([(None, "23.680", 3)], [])
    assert said_of(order, "billing.draft_redrawn") == [({"total": "35.58"}, {"total": "23.68"}, "Fewer", str(INES))]

    run_debts()
    invoice = Invoice.objects.get()
    assert (invoice.pk, invoice.number, invoice.status, invoice.total) == (
        draft.pk,
        "INV-000001",
        "issued",
        Decimal("23.680"),
    )
    ship_all(order)
    run_debts()
    order = again(order)
    assert (order.status, order.invoice_status, order.invoiced_total) == ("fulfilled", "invoiced", Decimal("23.68"))
    assert order.balance_due == Decimal("23.68")
    assert billed(order) == ([("INV-000001", "23.680", 3)], [])
    assert nothing_is_owed()
    with pytest.raises(NothingToInvoice):
        billing.invoice_order(order.pk, actor=INES)


def test_after_the_number_the_same_edit_is_a_credit_note(order, run_debts):
    drafted(order)
    run_debts()
    edit(order, (1, 3))
    run_debts()
    assert billed(order) == ([("INV-000001", "35.580", 5)], ["11.900"])
    assert again(order).balance_due == Decimal("23.68")
    assert said_of(order, "billing.draft_redrawn") == said_of(order, "billing.draft_discarded") == []


def test_what_an_edit_adds_stands_on_the_draft_too(order, run_debts):
    drafted(order)
    edit(order, (1, 6), add=(NewLine(sku="TEA-1", quantity=2),))
    run_debts()
    assert billed(order) == ([("INV-000001", "50.390", 8)], [])
    assert again(order).total == again(order).invoiced_total == Decimal("50.39")
    assert nothing_is_owed()


def test_a_draft_names_whom_the_order_names(order, run_debts):
    drafted(order)
    edit(order, billing_address=replace(ADA, company="Analytical Ltd"))
    run_debts()
    assert Invoice.objects.get().buyer["address"]["company"] == "Analytical Ltd"
    # It comes to the same: that is no news.
    assert said_of(order, "billing.draft_redrawn") == []


def test_a_draft_that_is_drawn_anew_is_dated_then(order, run_debts):
    draft = drafted(order)
    Invoice.objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=2))
    edit(order, (1, 3))
    run_debts()
    assert Invoice.objects.get().issued_on == timezone.localdate()


# Parcels that have left


def test_the_draft_of_a_parcel_is_issued_whatever_becomes_of_the_rest(order, run_debts):
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    parcel = billing.issue_for_shipment(order.pk, "SH-1")
    before = (parcel.pk, list(InvoiceLine.objects.filter(invoice=parcel).values()))

    edit(order, (1, 2))
    assert (Invoice.objects.get().pk, list(InvoiceLine.objects.filter(invoice=parcel).values())) == before
    run_debts()
    order = again(order)
    assert billed(order) == ([("INV-000001", "17.730", 2)], [])
    assert (order.status, order.invoice_status, order.balance_due) == ("fulfilled", "invoiced", Decimal("17.73"))
    assert nothing_is_owed()


def test_what_is_billed_in_advance_shrinks_beside_a_parcel_that_has_left(order, run_debts):
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    billing.issue_for_shipment(order.pk, "SH-1")
    drafted(order)
    assert billed(order)[0] == [(None, "17.730", 2), (None, "17.850", 3)]

    edit(order, (1, 3))
    run_debts()
    assert billed(order) == ([("INV-000001", "17.730", 2), ("INV-000002", "5.950", 1)], [])
    assert again(order).invoiced_total == again(order).total - again(order).cancelled_total == Decimal("23.68")


def test_of_a_draft_over_what_has_left_and_what_has_not_the_former_stays(order, run_debts):
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    drafted(order)
    assert billing.issue_for_shipment(order.pk, "SH-1") is None

    edit(order, (1, 2))
    run_debts()
    order = again(order)
    assert billed(order) == ([("INV-000001", "17.730", 2)], [])
    assert (order.status, order.invoice_status) == ("fulfilled", "invoiced")


def test_nothing_left_to_bill_discards_the_draft_and_its_debt_ends_quietly(order, run_debts):
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    draft = drafted(order)
    edit(order, (1, 2))
    assert not Invoice.objects.filter(pk=draft.pk).exists()
    assert said_of(order, "billing.draft_discarded") == [({"total": "17.85"}, {}, "Fewer", str(SYSTEM))]

    run_debts()
    order = again(order)
    assert billed(order) == ([("INV-000001", "17.730", 2)], [])
    assert (order.status, order.invoice_status) == ("fulfilled", "invoiced")
    assert nothing_is_owed()
    assert billing.issue_drafted(draft.pk) is None


def test_an_order_that_is_billed_as_a_whole_keeps_the_one_draft_that_was_asked_for(order, run_debts):
    Channel.objects.filter(code="api").update(invoice_policy="per_order")
    drafted(order)
    edit(order, (1, 3))
    run_debts()
    ship_all(order)
    run_debts()
    assert billed(order) == ([("INV-000001", "23.680", 3)], [])
    assert again(order).invoice_status == "invoiced"


# A cancellation


def test_a_cancellation_discards_the_draft(order, run_debts):
    draft = drafted(order)
    orders.cancel_order(order.pk, reason="Changed their mind", actor=INES)
    assert not Invoice.objects.exists()
    assert not InvoiceLine.objects.exists()
    assert said_of(order, "billing.draft_discarded") == [({"total": "35.58"}, {}, "Changed their mind", str(INES))]

    run_debts()
    order = again(order)
    assert (order.status, order.invoiced_total, order.balance_due) == ("cancelled", 0, 0)
    assert billed(order) == ([], [])
    assert nothing_is_owed()
    assert billing.issue_drafted(draft.pk) is None


def test_a_cancellation_credits_what_was_issued_and_draws_no_number_for_the_rest(order, run_debts):
    drafted(order)
    run_debts()
    tea = place({"TEA-1": 1})
    drafted(tea)
    orders.cancel_order(order.pk, reason="No", actor=INES)
    orders.cancel_order(tea.pk, reason="No", actor=INES)
    run_debts()
    assert billed(order) == ([("INV-000001", "35.580", 5)], ["35.580"])
    assert billed(tea) == ([], [])

    last = place({"TEA-1": 1})
    drafted(last)
    run_debts()
    assert billed(last)[0][0][0] == "INV-000002"


def test_the_page_that_asks_says_that_a_draft_is_discarded(order, run_debts):
    drafted(order)
    assert "The draft invoice is discarded: €35.58." in cancelling(again(order))
    run_debts()
    assert "INV-000001 is credited: €35.58." in cancelling(again(order))


# At the same moment


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_who_comes_in_the_middle_of_an_edit_issues_what_is_agreed_after_it(order, run_debts):
    """Guard: the lock on the order, which `take_invoice` takes first. Without it he numbers five mugs of three."""
    draft = drafted(order)
    with just_before(redrawing, "redraw_invoice", partial(billing.issue_drafted, draft.pk)) as worker:
        edit(order, (1, 3))
    assert worker.had_to_wait
    assert worker.end().value.total == Decimal("23.680")
    run_debts()
    assert billed(order) == ([("INV-000001", "23.680", 3)], [])
    assert nothing_is_owed()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_edit_that_comes_while_the_number_is_drawn_credits_what_is_not_wanted(order, run_debts):
    """Guard: the lock on the order, which the edit takes before it looks at what is drafted."""
    draft = drafted(order)
    with just_before(invoicing, "number_document", partial(edit, order, (1, 3))) as editor:
        billing.issue_drafted(draft.pk)
    assert editor.had_to_wait
    assert editor.end().error is None
    run_debts()
    assert billed(order) == ([("INV-000001", "35.580", 5)], ["11.900"])
    assert nothing_is_owed()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_who_waits_for_an_order_that_is_cancelled_finds_no_draft(order, run_debts):
    """Guard: `take_invoice` reads the invoice after it has the order, and says so where it is gone."""
    draft = drafted(order)
    with just_before(cancelled, "discard_draft", partial(billing.issue_drafted, draft.pk)) as worker:
        orders.cancel_order(order.pk, reason="No", actor=INES)
    assert worker.had_to_wait
    outcome = worker.end()
    assert (outcome.value, outcome.error) == (None, None)
    run_debts()
    assert billed(order) == ([], [])
    assert again(order).status == "cancelled"
    assert nothing_is_owed()


@pytest.mark.race
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_edits_and_workers_at_once_bill_every_unit_once(concurrently, run_debts):
    for turn in range(8):
        order = place(FIVE, email=f"ada{turn}@example.com")
        run_debts()
        draft = drafted(order)
        concurrently(partial(edit, order, (1, 3)), partial(billing.issue_drafted, draft.pk))
        run_debts()
        ship_all(order)
        run_debts()
        order = again(order)
        assert (order.status, order.invoice_status, order.balance_due) == ("fulfilled", "invoiced", Decimal("23.68"))
        mug = OrderLine.objects.get(order=order)
        assert mug.invoiced - mug.credited == 3
    assert nothing_is_owed()
    assert set(Invoice.objects.values_list("number", flat=True)) == {f"INV-{n:06d}" for n in range(1, 9)}
