"""Reminders: which level comes next, letters that are sent once, who is left in peace, and whose new orders wait."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from billing import dunning
from billing import services as billing
from billing.models import Invoice, LegalEntity, Reminder, ReminderLevel, ReminderRun
from billing.services.reminding import USUAL
from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.models import EventRecord, OutgoingMail
from customers.models import Customer
from orders.models import Hold
from pricing.models import Channel
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
INES = Actor("staff", "ines")
TODAY, DAY = timezone.localdate, date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "last", "wanted"),
    [
        (2, None, (0, "The next reminder is due on 2026-03-02")),
        (3, None, (1, "")),
        # Nobody skips a level, however late it is.
        (90, None, (1, "")),
        (13, (1, 10), (0, "The next reminder is due on 2026-03-02")),
        (14, (1, 11), (2, "")),
        # Reminded late: as many days as lie between the levels.
        (90, (1, 0), (0, "The next reminder is due on 2026-03-12")),
        (90, (1, 11), (2, "")),
        (90, (2, 14), (3, "")),
        (90, (3, 14), (0, "Every reminder was sent; somebody has to talk to them")),
    ],
)
def test_the_next_level_follows_from_days_and_what_was_sent(days, last, wanted):
    level, why = dunning.next_level(USUAL, days_overdue=days, last=dunning.Sent(*last) if last else None, today=DAY)

    assert (level.number if level else 0, why) == wanted
    assert dunning.next_level([], days_overdue=days, last=None, today=DAY) == (None, "No level is active for it")


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, ""), (1, "1-30"), (30, "1-30"), (31, "31-60"), (61, "61-90"), (90, "61-90"), (91, "91")]
)
def test_every_day_stands_in_one_bucket(days, bucket):
    assert dunning.bucket_of(days) == bucket


@pytest.fixture
def late(run_debts):
    """Return how to make an invoice over 22.06 EUR that is overdue for some days."""

    def make(days, **given):
        then = timezone.now() - timedelta(days=days + 14)
        order = place(placed_at=then, historic=True, **given)
        ship_all(order, at=then)
        run_debts()
        return Invoice.objects.select_related("order").get(order=order)

    return make


def back(days):
    """Let what was sent be sent some days ago."""
    for reminder in Reminder.objects.filter(sent_on__isnull=False):
        Reminder.objects.filter(pk=reminder.pk).update(sent_on=reminder.sent_on - timedelta(days=days))


def keys(proposal):
    return sorted(due.key for letter in proposal.letters for due in letter.rows)


def test_one_letter_per_customer_with_all_invoices_their_pdfs_and_how_to_pay(late, run_debts):
    first, second = late(5), late(20)
    other = late(9, email="bob@example.com", customer_name="Bob")
    Customer.objects.filter(email="ada@example.com").update(language="de")
    OutgoingMail.objects.all().delete()

    run = billing.begin_reminders(actor=INES)
    run_debts()

    assert [(letter.status, letter.reminders.count()) for letter in run.letters.order_by("pk")] == [
        ("sent", 2),
        ("sent", 1),
    ]
    ada, bob = OutgoingMail.objects.order_by("pk")
    assert (ada.to, ada.language, ada.kind, bob.to, bob.language) == (
        "ada@example.com",
        "de",
        "reminder",
        "bob@example.com",
        "en",
    )
    assert bob.subject == f"Did you overlook invoice {other.number}?"
    assert (ada.attachments.count(), bob.attachments.count()) == (2, 1)
    for said in (first.number, second.number, "44,12\xa0€", "DE02 1203", "/track/", "#pay"):
        assert said in ada.text, said
    assert bob.thread == f"orders.order:{other.order_id}", "a letter about one order stands in its history"
    told = EventRecord.objects.filter(name="billing.invoice_reminded", thread=f"orders.order:{first.order_id}").get()
    assert (told.actor, told.payload["level"]) == ("staff:ines", 1)
    assert set(Reminder.objects.values_list("level", "status", "open_amount", "sent_on")) == {
        (1, "sent", Decimal("22.060"), TODAY())
    }


def test_done_again_nothing_is_sent_again_and_the_next_level_comes_when_its_days_are_over(late, run_debts):
    invoice = late(20)
    [key] = keys(billing.propose_reminders())

    assert billing.begin_reminders([key], actor=INES) is not None
    assert billing.begin_reminders([key], actor=INES) is None, "two tabs: the second finds it planned"
    run_debts()
    assert billing.begin_reminders([key], actor=INES) is None
    assert billing.begin_reminders(actor=INES) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(
            letter=Reminder.objects.get().letter, invoice=invoice, level=1, tone="firm", open_amount=1
        )

    back(11)
    assert keys(billing.propose_reminders()) == [f"{invoice.pk}:2"]
    assert billing.begin_reminders([key], actor=INES) is None, "a page that is old asks for what was sent"
    billing.begin_reminders(actor=INES)
    run_debts()
    assert list(Reminder.objects.order_by("pk").values_list("level", "tone")) == [(1, "friendly"), (2, "firm")]
    assert OutgoingMail.objects.filter(kind="reminder").count() == 2


def test_what_was_unticked_is_left_out_and_what_was_paid_meanwhile_is_not_sent(late, run_debts):
    first, second, third = late(5), late(6), late(7)
    proposal = billing.propose_reminders()
    wanted = [key for key in keys(proposal) if not key.startswith(f"{third.pk}:")]

    billing.begin_reminders(wanted, actor=INES)
    billing.record_payment(first.order_id, method="cash", amount=Decimal("22.06"), actor=SYSTEM)
    run_debts()

    sent = Reminder.objects.order_by("invoice")
    assert [(one.invoice_id, one.status, one.why) for one in sent] == [
        (first.pk, "dropped", "Nothing is overdue on it any more"),
        (second.pk, "sent", ""),
    ]
    mail = OutgoingMail.objects.get(kind="reminder")
    assert (first.number in mail.text, second.number in mail.text, third.number in mail.text) == (False, True, False)
    assert keys(billing.propose_reminders()) == [f"{third.pk}:1"]


def test_an_invoice_or_a_customer_is_set_aside_until_a_day_with_a_reason(late):
    first, second = late(5), late(6)
    billing.set_aside(invoice_id=first.pk, until=TODAY(), reason="Wrong address on it", actor=INES)

    proposal = billing.propose_reminders()
    assert keys(proposal) == [f"{second.pk}:1"]
    assert [due.why for due in proposal.skipped] == [f"Set aside until {TODAY().isoformat()}: Wrong address on it"]

    billing.set_aside(customer_id=second.order.customer_id, until=TODAY(), reason="Pays on Friday", actor=INES)
    assert keys(billing.propose_reminders()) == []
    billing.take_up_again(customer_id=second.order.customer_id, actor=INES)
    billing.take_up_again(invoice_id=first.pk, actor=INES)
    billing.set_aside(invoice_id=first.pk, until=TODAY() - timedelta(days=1), reason="Over", actor=INES)
    assert keys(billing.propose_reminders()) == sorted([f"{first.pk}:1", f"{second.pk}:1"])


def test_the_closest_levels_count_as_a_whole_and_without_any_the_usual_ones(late):
    invoice, entity, channel = late(5), LegalEntity.objects.get(), Channel.objects.get(code="api")
    ReminderLevel.objects.all().delete()
    assert keys(billing.propose_reminders()) == [f"{invoice.pk}:1"]

    billing.create_level({"number": 1, "days": 4, "tone": "firm", "legal_entity": entity}, actor=INES)
    of_channel = billing.create_level({"number": 2, "days": 9, "tone": "final", "channel": channel}, actor=INES)
    assert (
        billing.propose_reminders().skipped[0].why
        == f"The next reminder is due on {(TODAY() + timedelta(days=4)).isoformat()}"
    )
    billing.change_level(of_channel.pk, {"active": False}, actor=INES)
    [letter] = billing.propose_reminders().letters
    assert (letter.rows[0].level.tone, letter.rows[0].level.days) == ("firm", 4)
    with pytest.raises(Invalid):
        billing.create_level({"number": 1, "days": 7, "tone": "firm", "legal_entity": entity}, actor=INES)


def only_the_last_level():
    """Remind at once so that new orders wait, whatever levels a test before this one has left."""
    ReminderLevel.objects.all().delete()
    ReminderLevel.objects.create(number=3, days=28, tone="final", stops_orders=True)


def test_the_last_level_holds_new_orders_until_what_was_overdue_is_paid(late, run_debts):
    first, second = late(40), late(35)
    only_the_last_level()
    billing.begin_reminders(actor=INES)
    run_debts()
    assert "Until then, new orders wait." in OutgoingMail.objects.get(kind="reminder").text
    assert Customer.objects.get(pk=first.order.customer_id).arrears_since == TODAY()

    order = place({"TEA-1": 1})
    hold = Hold.objects.get(order=order)
    assert (hold.kind, hold.auto_release, order.status) == ("arrears", "arrears", "placed")
    assert order.hold_reason == f"They have not paid although reminded, since {TODAY().isoformat()}"
    assert place({"TEA-1": 2}, email="bob@example.com").status == "confirmed", "others are not concerned"

    billing.record_payment(first.order_id, method="cash", amount=Decimal("22.06"), actor=SYSTEM)
    run_debts()
    assert again(order).active_holds == 1, "one of the two is still overdue"
    billing.record_payment(second.order_id, method="cash", amount=Decimal("22.06"), actor=SYSTEM)
    run_debts()
    assert (again(order).active_holds, again(order).status) == (0, "confirmed")
    assert Customer.objects.get(pk=first.order.customer_id).arrears_since is None


def test_a_credit_note_over_all_of_it_frees_them_as_well(late, run_debts):
    invoice = late(40)
    only_the_last_level()
    billing.begin_reminders(actor=INES)
    run_debts()

    billing.credit_invoice(invoice.pk, reference="CR-1", reason="Was broken", actor=INES)
    run_debts()

    assert Customer.objects.get(pk=invoice.order.customer_id).arrears_since is None


def test_by_itself_only_sellers_that_want_it_remind(late, run_debts):
    late(5)
    assert billing.remind_by_itself() == 0
    LegalEntity.objects.update(reminds_by_itself=True)

    assert billing.remind_by_itself() == 1
    run_debts()
    assert ReminderRun.objects.get().started_by == "system"
    assert OutgoingMail.objects.filter(kind="reminder").count() == 1
    assert billing.remind_by_itself() == 0


def test_the_list_shows_buckets_and_the_page_sends_what_stays_ticked(
    staff, late, run_debts, django_assert_max_num_queries
):
    first, _second = late(5), late(45, email="bob@example.com", customer_name="Bob")
    shown = staff.get(reverse("admin:billing_invoice_changelist"), {"waits": "overdue"}).content.decode()
    for said in ("1 to 30 days", "31 to 60 days", "more than 90 days", reverse("admin:plan_reminders")):
        assert said in shown, said
    aged = staff.get(reverse("admin:billing_invoice_changelist"), {"waits": "overdue", "age": "31-60"})
    assert [one.number for one in aged.context["cl"].result_list] == ["INV-000002"]

    page = staff.get(reverse("admin:plan_reminders")).content.decode()
    assert page.count('type="checkbox"') == 2
    late(6), late(7, email="eve@example.com")
    with django_assert_max_num_queries(22):
        staff.get(reverse("admin:plan_reminders"))

    answer = staff.post(reverse("admin:plan_reminders"), {"due": [f"{first.pk}:1", "x:1", "9" * 30 + ":1", "1"]})
    run_debts()
    run = ReminderRun.objects.get()
    assert answer.url == reverse("admin:billing_reminderrun_change", args=[run.pk])
    shown = staff.get(answer.url).content.decode()
    assert "1 letter was sent." in shown
    assert first.number in shown
    answer = staff.post(reverse("admin:plan_reminders"), {"due": [f"{first.pk}:1"]}, follow=True)
    assert "Nothing was sent: none of it is due any more." in answer.content.decode()
    assert run.code in staff.get(reverse("admin:billing_reminderrun_changelist")).content.decode()
    invoice_page = staff.get(reverse("admin:billing_invoice_change", args=[first.pk])).content.decode()
    assert "Reminder 1" in invoice_page


def test_setting_aside_is_a_step_of_invoice_and_customer(staff, late):
    invoice = late(5)
    customer = invoice.order.customer_id
    for route, pk in (("admin:billing_invoice_do", invoice.pk), ("admin:billing_customer_reminders", customer)):
        url = reverse(route, args=[pk, "set-aside"])
        refused = staff.post(url, {"until": TODAY() - timedelta(days=1), "reason": "Late"})
        assert "That day is over." in refused.content.decode()
        assert staff.post(url, {"until": TODAY(), "reason": "Talked to them"}).status_code == 302
    shown = staff.get(reverse("admin:customers_customer_change", args=[customer])).content.decode()
    assert "Talked to them" in shown
    staff.post(reverse("admin:billing_customer_reminders", args=[customer, "remind-again"]))
    staff.post(reverse("admin:billing_invoice_do", args=[invoice.pk, "remind-again"]))
    assert keys(billing.propose_reminders()) == [f"{invoice.pk}:1"]
