"""The seller's logo in the heads of mails and of the customers' pages: small, safe, and of the right seller."""

import email
import random
import struct
import zlib
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from billing import small_logos, statements, typesetting
from billing.models import Invoice, LegalEntity
from core.actors import SYSTEM
from core.mail import as_message
from core.mail_pictures import files_of
from core.models import Attachment, OutgoingMail
from customers import services as customers
from customers.models import Customer
from orders.letters import write_to_buyer
from portal import services as portal
from tests.billing.test_logos import png, svg
from tests.factories.billing import make_seller, place, ship_all

pytestmark = pytest.mark.django_db
BLUE = svg("<rect width='60' height='20' fill='#00f'/>")
SMALL_FILES = "billing.small_logo"


def photo(width, height):
    """Return a picture of points that nothing makes smaller."""
    chance = random.Random(1)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + chance.randbytes(width * 3) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def written(kind, **given):
    """Return the mail of a kind, and its parts as they go over the wire."""
    kept = OutgoingMail.objects.get(kind=kind, **given)
    whole = email.message_from_bytes(as_message(kept).message().as_bytes())
    return kept, whole


def head_of(kept):
    """Return whose logo is in the head of a mail; nothing where there is none."""
    return kept.html.partition("<h1")[0].partition('<img src="cid:')[2].partition(' alt="')[2].partition('"')[0]


def invoiced(order):
    return billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (svg(), (120, 40)),
        (png(60, 20), (120, 40)),
        (svg().replace(b"width='60' height='20'>", b"width='900' height='20'>"), (180, 4)),
        (svg().replace(b"width='60' height='20'>", b"width='20' height='900'>"), (1, 40)),
    ],
    ids=["svg", "png", "wide", "high"],
)
def test_a_logo_is_drawn_small_as_points_whatever_it_was(content, size):
    drawn = small_logos.drawn_small(content)

    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    assert small_logos.shown_size(drawn) == size
    # Twice as fine as it is shown, for screens that are.
    assert struct.unpack(">II", drawn[16:24])[1] in (2 * size[1], 2 * size[1] - 1, 2 * size[1] + 1)


def test_a_photo_is_drawn_coarser_until_it_is_light(monkeypatch):
    drawn = small_logos.drawn_small(photo(60, 60))
    assert 0 < len(drawn) <= small_logos.MOST_BYTES
    assert small_logos.shown_size(drawn) == (40, 40)

    asked = []
    draw = typesetting.draw_small

    def counted(*given, **named):
        asked.append(named["points_per_inch"])
        return draw(*given, **named)

    monkeypatch.setattr(typesetting, "draw_small", counted)
    monkeypatch.setattr(small_logos, "MOST_BYTES", 4_900)
    assert len(small_logos.drawn_small(photo(60, 60))) <= 4_900
    assert asked == [144, 108, 72]
    monkeypatch.setattr(small_logos, "MOST_BYTES", 100)
    assert small_logos.drawn_small(photo(60, 60)) == b""


def test_without_a_logo_mails_are_as_they_were(seller, run_debts):
    invoiced(place())
    run_debts()
    kept, whole = written("invoice")

    assert head_of(kept) == ""
    assert 'letter-spacing:.01em;">Your company</td>' in kept.html
    assert [part.get_content_type() for part in whole.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    assert not Attachment.objects.filter(thread__startswith=SMALL_FILES).exists()


def test_the_logo_of_the_seller_is_beside_the_html_of_a_mail_and_no_file_of_it(seller, run_debts):
    invoiced(place())
    run_debts()
    plain = OutgoingMail.objects.get(kind="invoice").text
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    order = place()
    invoiced(order)
    run_debts()
    kept, whole = written("invoice", thread=order.history_thread())

    [small] = Attachment.objects.filter(thread__startswith=SMALL_FILES)
    name = f"{small.sha256[:32]}@pictures"
    shown = f'<img src="cid:{name}" alt="Kettle &amp; Co. GmbH" width="120" height="40"'
    assert shown in kept.html
    assert "background:#ffffff" in kept.html.partition(shown)[2].partition(">")[0]
    files, pictures = files_of(kept)
    assert ([one.content_type for one in files], pictures) == (["application/pdf"], [small])
    assert whole.get_content_type() == "multipart/mixed"
    alternatives, paper = whole.get_payload()
    text, related = alternatives.get_payload()
    html, picture = related.get_payload()
    kinds = [one.get_content_type() for one in (alternatives, paper, text, related, html, picture)]
    assert kinds == [
        "multipart/alternative",
        "application/pdf",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert (picture["Content-ID"], picture.get_content_disposition()) == (f"<{name}>", "inline")
    assert picture.get_payload(decode=True) == small_logos.drawn_small(svg())
    # Readers of the text read what they read without one: only numbers and addresses differ.
    assert [line.split(" ")[0] for line in kept.text.splitlines() if "http" not in line] == [
        line.split(" ")[0] for line in plain.splitlines() if "http" not in line
    ]
    assert "cid:" not in kept.text
    run_debts()
    assert len(django_mail.outbox) == OutgoingMail.objects.count()


def test_a_mail_without_files_is_an_alternative_of_text_and_a_page_with_its_picture(seller, run_debts):
    billing.set_logo(seller.pk, png(), actor=SYSTEM)
    place()
    run_debts()
    kept, whole = written("order_confirmed")

    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert kept.attachments.count() == 1


def test_each_order_is_written_about_under_the_logo_of_its_seller(seller, run_debts):
    second = make_seller(code="second", name="Zweite GmbH", prefix="Z", is_default=False)
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    first_order = place()
    invoiced(first_order)
    billing.set_logo(second.pk, BLUE, actor=SYSTEM)
    billing.change_entity(second.pk, {"is_default": True}, actor=SYSTEM)
    second_order = place()
    assert [Invoice.objects.get(order=first_order).legal_entity_id, LegalEntity.objects.get(is_default=True).pk] == [
        seller.pk,
        second.pk,
    ]
    for order in (first_order, second_order):
        write_to_buyer(order, "order_expired", {}, key=f"try:{order.pk}")

    written_now = [OutgoingMail.objects.get(dedupe_key=f"try:{order.pk}") for order in (first_order, second_order)]
    assert [head_of(kept) for kept in written_now] == ["Kettle &amp; Co. GmbH", "Zweite GmbH"]
    # An order of the first seller has his head, also where he has no logo any more: then none.
    billing.set_logo(seller.pk, None, actor=SYSTEM)
    write_to_buyer(first_order, "order_expired", {}, key="again")
    assert head_of(OutgoingMail.objects.get(dedupe_key="again")) == ""


def test_a_statement_and_a_reminder_are_of_their_seller_and_a_link_to_sign_in_of_the_shops(seller, run_debts):
    second = make_seller(code="second", name="Zweite GmbH", prefix="Z", is_default=False)
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    billing.set_logo(second.pk, BLUE, actor=SYSTEM)
    long_ago = timezone.now() - timedelta(days=30)
    ship_all(place(customer_id=customers.find_or_create(email="ada@example.com", name="Ada", actor=SYSTEM).pk,
                   placed_at=long_ago, historic=True), at=long_ago)  # fmt: skip
    run_debts()
    billing.change_entity(second.pk, {"is_default": True}, actor=SYSTEM)
    customer = Customer.objects.get()
    account = statements.Account(customer.pk, seller.pk, "EUR")
    today = timezone.localdate()
    billing.ask_for_statement(account, long_ago.date(), today, asked="a", actor=SYSTEM)
    billing.begin_reminders(actor=SYSTEM)
    run_debts()
    assert portal.send_sign_in_link(customer.email, language="en")

    kinds = ("reminder", "sign_in_link", "statement")
    first, second_seller = "Kettle &amp; Co. GmbH", "Zweite GmbH"
    heads = {kept.kind: head_of(kept) for kept in OutgoingMail.objects.filter(kind__in=kinds)}
    assert heads == {"reminder": first, "statement": first, "sign_in_link": second_seller}


def test_what_staff_read_of_a_mail_shows_the_logo_and_lists_only_files(seller, staff, run_debts):
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    order = place()
    invoiced(order)
    run_debts()
    kept = OutgoingMail.objects.get(kind="invoice")

    shown = staff.get(reverse("admin:core_outgoingmail_preview", args=[kept.pk])).content.decode()
    assert 'src="data:image/png;base64,iVBORw0KGgo' in shown
    assert "cid:" not in shown
    page = staff.get(reverse("admin:core_outgoingmail_change", args=[kept.pk])).content.decode()
    assert f"{Invoice.objects.get().number}.pdf" in page
    assert "logo.png" not in page


def test_a_logo_that_was_lost_keeps_no_mail_from_going(seller, run_debts):
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    place()
    run_debts()
    kept = OutgoingMail.objects.get(kind="order_confirmed")
    Attachment.objects.filter(thread__startswith=SMALL_FILES).update(file="no/where")

    whole = as_message(kept).message()
    assert [part.get_content_type() for part in whole.walk() if not part.is_multipart()] == ["text/plain", "text/html"]


def test_a_logo_from_before_is_drawn_with_the_first_need_and_once(seller, run_debts):
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    Attachment.objects.filter(thread__startswith=SMALL_FILES).delete()

    heads = [billing.letterhead_of_shop() for _ in range(2)]
    assert heads[0] == heads[1]
    assert Attachment.objects.filter(thread__startswith=SMALL_FILES).count() == 1


def test_the_shop_shows_the_logo_of_its_seller_in_a_place_that_is_kept_free(seller, client):
    plain = client.get("/").content.decode()
    assert "<svg viewBox" in plain.partition('class="brand"')[2].partition("</a>")[0]
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    cache.clear()

    answer = client.get("/")
    brand = answer.content.decode().partition('class="brand"')[2].partition("</a>")[0]
    mark = LegalEntity.objects.get().logo.sha256[:32]
    assert f'<img src="/logo/{mark}.png" alt="Kettle &amp; Co. GmbH" width="120" height="40">' in brand
    assert "<svg" not in brand
    picture = client.get(f"/logo/{mark}.png")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    assert picture.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert picture.content == small_logos.drawn_small(svg())
    assert client.post(f"/logo/{mark}.png").status_code == 405
    assert client.get(f"/logo/{'0' * 32}.png").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_new_logo_is_shown_with_the_next_page_and_an_old_one_costs_no_statement(
    seller, client, django_assert_num_queries
):
    client.get("/look-up/")
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    first = client.get("/look-up/").content.decode()
    assert f"/logo/{LegalEntity.objects.get().logo.sha256[:32]}.png" in first
    with django_assert_num_queries(0):
        billing.shop_logo()
    billing.set_logo(seller.pk, BLUE, actor=SYSTEM)
    assert f"/logo/{LegalEntity.objects.get().logo.sha256[:32]}.png" in client.get("/look-up/").content.decode()
    billing.set_logo(seller.pk, None, actor=SYSTEM)
    assert "/logo/" not in client.get("/look-up/").content.decode()
    second = make_seller(code="second", name="Zweite GmbH", prefix="Z", is_default=False)
    billing.set_logo(second.pk, svg(), actor=SYSTEM)
    billing.change_entity(second.pk, {"is_default": True}, actor=SYSTEM)
    assert 'alt="Zweite GmbH"' in client.get("/look-up/").content.decode()
