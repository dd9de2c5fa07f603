"""Bank statements: taken in once, matched, and booked once, only when somebody says so."""

from decimal import Decimal
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing import services as billing
from billing.errors import AlreadyBooked, BadStatement, NoSuchInvoice, StatementKnown
from billing.models import BankBooking, BankLine, BankStatement, Invoice, Payment
from core.actors import SYSTEM, Actor
from core.models import User
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
INES = Actor("staff", "ines")
HEAD = "Buchungstag;Valuta;Auftraggeber;Verwendungszweck;Betrag\n"
IBAN = "DE02120300000000202051"


@pytest.fixture
def invoice(run_debts):
    """Return how to make an open invoice over 22.06 EUR."""

    def make(**given):
        order = place(external_reference=f"PO-{Invoice.objects.count()}", **given)
        ship_all(order)
        run_debts()
        return Invoice.objects.select_related("order").get(order=order)

    return make


def take(*rows, **given):
    content = (HEAD + "".join(f"{row}\n" for row in rows)).encode("cp1252")
    said = {"name": "november.csv", "content": content, "account": IBAN, "currency": "EUR", "actor": INES, **given}
    return billing.take_statement(**said)


def lines():
    return list(BankLine.objects.order_by("pk"))


def test_rows_are_taken_once_and_nothing_is_booked_by_that(invoice):
    first = invoice()
    row = f"03.11.2026;;Ada Byron;Rechnung {first.number};22,06"
    statement = take(row, row, "04.11.2026;;Vermieter;Miete;-800,00", "99.11.2026;;Wer;Was;1,00", "05.11.2026;;X;Y;Z")

    assert statement.summary == {
        "taken": 3,
        "known": [],
        "faulty": [[5, ["“99.11.2026” is no day"]], [6, ["“Z” is no amount"]]],
    }
    assert [(one.status, one.confidence, one.reason) for one in lines()] == [
        ("open", "exact", ""),
        ("open", "none", ""),
        ("left", "none", "Money that went out"),
    ], "the first of two equal rows takes the invoice"
    assert lines()[1].why == ["another row pays invoice INV-000001"]
    assert Payment.objects.count() == 0

    with pytest.raises(StatementKnown):
        take(row, row)
    more = take(row, row, "06.11.2026;;Bob;Danke;5,00")
    assert (more.summary["taken"], more.summary["known"]) == (1, [2, 3])
    with pytest.raises(BadStatement):
        take(content=b"nothing;here\n1;2\n")
    assert BankStatement.objects.count() == 2


def test_a_transfer_is_booked_once_and_settles_its_invoice(invoice):
    first = invoice()
    take(f"03.11.2026;;Ada Byron;{first.number.replace('-', '')};22,06")
    [line] = lines()

    assert billing.book_line(line.pk, actor=INES).status == "booked"
    payment = BankBooking.objects.get(line=line).payment
    assert (payment.method, payment.amount, payment.reference) == (
        "bank_transfer",
        Decimal("22.06"),
        f"BANK-{line.pk}",
    )
    assert Invoice.objects.get().status == "paid"
    with pytest.raises(AlreadyBooked):
        billing.book_line(line.pk, actor=INES)
    with pytest.raises(AlreadyBooked):
        billing.leave_line(line.pk, reason="-", actor=INES)
    assert Payment.objects.count() == 1


def test_one_transfer_over_invoices_of_several_orders_less_and_more(invoice):
    first, second = invoice(), invoice()
    take(f"03.11.2026;;Ada Byron;{first.number} {second.number};44,12")
    billing.book_line(lines()[0].pk, actor=INES)
    assert [one.status for one in Invoice.objects.order_by("pk")] == ["paid", "paid"]
    assert Payment.objects.count() == 2

    third, fourth = invoice(), invoice()
    take(f"04.11.2026;;Ada Byron;{third.number};20,00", f"04.11.2026;;Ada Byron;{fourth.number};25,00")
    done = billing.book_lines([one.pk for one in lines()[1:]], actor=INES)
    assert [one.refusal for one in done] == ["", ""]
    assert Invoice.objects.get(pk=third.pk).open_amount == Decimal("2.06")
    assert again(fourth.order).payment_status == "overpaid"


def test_what_was_paid_meanwhile_is_refused_and_stays_on_the_list(invoice):
    first, second = invoice(), invoice(email="bob@example.com", customer_name="Bob")
    take(f"03.11.2026;;Ada Byron;{first.number};22,06", f"03.11.2026;;Bob;{second.number};22,06")
    billing.record_payment(first.order_id, method="cash", amount=Decimal("22.06"), actor=SYSTEM)

    done = billing.book_certain(BankStatement.objects.get().pk, actor=INES)

    assert [one.refusal for one in done] == ["On INV-000001 less is open by now; look again", ""]
    assert [one.status for one in lines()] == ["open", "booked"]
    again_looked_at = billing.look_again_at_line(lines()[0].pk, actor=INES)
    assert (again_looked_at.confidence, again_looked_at.why) == ("none", ["invoice INV-000001 is paid already"])


def test_a_person_says_what_nobody_knows_or_leaves_it_out(invoice):
    first = invoice()
    take("03.11.2026;;Nobody;Danke;9,99", "03.11.2026;;Finanzamt;Erstattung;3,33")
    one, other = lines()
    for numbers in (["INV-999999"], [""], [first.number, "X"]):
        with pytest.raises(NoSuchInvoice):
            billing.book_line(one.pk, numbers=numbers, actor=INES)
    with pytest.raises(NoSuchInvoice):
        billing.book_line(one.pk, actor=INES)
    billing.book_line(one.pk, numbers=[first.number.lower()], actor=INES)
    assert Invoice.objects.get().open_amount == Decimal("12.07")

    assert billing.leave_line(other.pk, reason="Tax refund", actor=INES).status == "left"
    assert billing.take_line_up(other.pk, actor=INES).status == "open"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_book_the_same_transfer_at_once_book_it_once(invoice, concurrently):
    """Guard: the lock on the transfer, and its conditional update."""
    first = invoice()
    take(f"03.11.2026;;Ada Byron;{first.number};22,06")
    [line] = lines()

    outcomes = concurrently(*[partial(billing.book_line, line.pk, actor=INES)] * 4, raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == ["AlreadyBooked"] * 3 + ["NoneType"]
    assert Payment.objects.count() == 1


def test_the_pages_take_a_file_show_its_rows_and_book_what_is_ticked(staff, invoice, django_assert_max_num_queries):
    first, second = invoice(), invoice()
    url = reverse("admin:bring_statement")
    assert "CSV file" in staff.get(url).content.decode()
    content = f"{HEAD}03.11.2026;;Ada Byron;{first.number};22,06\n04.11.2026;;Zoe;Danke;1,00\n"
    content += f"05.11.2026;;Ada Byron;{second.number};20,00\n"

    def bring(account=IBAN, **more):
        file = SimpleUploadedFile("november.csv", content.encode())
        return staff.post(url, {"file": file, "account": account, "currency": "eur", **more})

    assert "This is no IBAN." in bring(account="x").content.decode()
    answer = bring()
    page = staff.get(answer.url).content.decode()
    assert page.count('name="line"') == 2
    assert page.count("checked") == 1, "only what is certain is ticked"
    assert "names invoice INV-000001; the amount is what is open" in page
    assert "Every row of this file was taken in before" in bring().content.decode()

    ticked = BankLine.objects.earliest("pk").pk
    shown = staff.post(answer.url, {"line": [ticked, "x", "9" * 30]}, follow=True).content.decode()
    assert "1 transfer is booked." in shown
    assert "Nothing was ticked" in staff.post(answer.url, {"line": [ticked]}, follow=True).content.decode()
    with django_assert_max_num_queries(20):
        staff.get(answer.url)
    unknown = BankLine.objects.get(name="Zoe")
    step = reverse("admin:billing_bankline_do", args=[unknown.pk, "assign"])
    assert "No invoice in EUR waits" in staff.post(step, {"invoices": "INV-7"}).content.decode()
    assert staff.post(step, {"invoices": second.number}).status_code == 302
    worklist = staff.get(reverse("admin:billing_bankline_changelist"), {"status__exact": "open"})
    assert [one.amount for one in worklist.context["cl"].result_list] == [Decimal(20)]


# The same rows under another account -------------------------------------------------------------------

OTHER = "DE12500105170648489890"
ROWS = ("03.11.2026;;Ada Byron;Danke;22,06", "03.11.2026;;Ada Byron;Danke;22,06", "04.11.2026;;Bob;Danke;5,00")


def test_a_file_under_another_account_is_known_row_by_row(staff):
    take(*ROWS)
    with pytest.raises(StatementKnown, match=f"under the account {IBAN}"):
        take(*ROWS, account=OTHER)

    # A period that overlaps brings only what is new, and says so of each row.
    more = take(*ROWS[1:], "05.11.2026;;Eve;Danke;7,00", account=OTHER)

    assert more.summary == {"taken": 1, "known": [], "elsewhere": [[2, IBAN], [3, IBAN]], "faulty": []}
    assert [line.amount for line in more.lines.all()] == [7]
    assert BankLine.objects.count() == 4
    page = staff.get(f"/admin/billing/bankstatement/{more.pk}/change/", follow=True).content.decode()
    assert f"Row 3 was taken in before, under the account {IBAN}, and is not taken once more" in page
    again_here = take(ROWS[2], "06.11.2026;;Eve;Danke;7,00")
    assert again_here.summary["known"] == [2]
    page = staff.get(f"/admin/billing/bankstatement/{again_here.pk}/change/", follow=True).content.decode()
    assert "Taken in before, and not once more: rows 2" in page


def test_a_file_that_names_its_account_is_taken_for_that_whatever_is_said():
    head = "Auftragskonto;Buchungstag;Auftraggeber;Verwendungszweck;Betrag\n"

    def named(iban, **given):
        return take(content=(head + f"{iban};03.11.2026;Ada;Danke;22,06\n").encode(), **given)

    named(IBAN)
    for account in (OTHER, IBAN):
        with pytest.raises(StatementKnown):
            named("DE02 1203 0000 0000 2020 51", account=account)
    # Two accounts, and on both the same came in: both files say so.
    assert named(OTHER, account=IBAN).summary["taken"] == 1
    above = f"Kontoauszug\nIBAN: {OTHER}\n\n{HEAD}03.11.2026;;Ada;Danke;22,06\n"
    with pytest.raises(StatementKnown):
        take(content=above.encode())
    assert BankLine.objects.count() == 2


def test_the_page_of_a_row_that_went_out_says_so_in_german(staff):
    take("04.11.2026;;Vermieter;Miete;-800,00")
    User.objects.update(language="de")

    shown = staff.get(reverse("admin:billing_bankline_change", args=[BankLine.objects.get().pk])).content.decode()

    assert "Geld, das hinausging" in shown
    assert "Money that went out" not in shown


def test_a_file_that_leaves_its_days_open_is_asked_about_beside_the_field_that_tells(staff):
    bring = reverse("admin:bring_statement")
    content = b"date;payer;amount;debit/credit\n11/01/2026;Ada;22,06;CRDT\n11/02/2026;Landlord;1200,00;DBIT\n"

    def given(**more):
        file = SimpleUploadedFile("november.csv", content)
        return {"file": file, "account": IBAN, "currency": "EUR", **more}

    asked = staff.post(bring, given())
    assert asked.status_code == 400
    assert asked.context["form"].errors == {
        "days": ["“11/01/2026” can be two days, and no row tells which: say how the file writes its days"]
    }
    assert BankStatement.objects.count() == 0
    assert staff.post(bring, given(days="week")).context["form"].errors.keys() == {"days"}

    assert staff.post(bring, given(days="month")).status_code == 302
    assert [(f"{one.booked_on}", one.amount, one.status) for one in lines()] == [
        ("2026-11-01", Decimal("22.06"), "open"),
        ("2026-11-02", Decimal("-1200.00"), "left"),
    ]


def test_the_page_of_a_file_tells_how_its_days_were_read(staff):
    statement = take(content=b"date;payer;amount\n11/01/2026;Ada;22,06\n11/13/2026;Bob;5,00\n")
    User.objects.update(language="de")

    page = staff.get(reverse("admin:billing_bankstatement_change", args=[statement.pk])).content.decode()

    assert statement.summary["notes"] == ["Its days are read with the month first, as “11/13/2026” tells"]
    assert "Die Tage der Datei werden mit dem Monat vorn gelesen, wie „11/13/2026“ zeigt" in page
