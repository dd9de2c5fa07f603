"""The seller's logo: taken by what it is, printed on what is written from then on, and kept on what was issued."""

import struct
import time
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from pypdf import PdfReader

from billing import logos, typesetting
from billing import services as billing
from billing.errors import LogoRefused
from billing.models import CreditNote, Invoice, LegalEntity
from core.actors import SYSTEM
from core.files import read_file
from core.models import Attachment, EventRecord
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_broken")]


def png(width=60, height=20):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\x20\x80\x60\xff" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def svg(inside="<rect width='60' height='20' fill='#185'/>", top=""):
    return f"{top}<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20'>{inside}</svg>".encode()


def text_of(content):
    return " ".join(PdfReader(BytesIO(content)).pages[0].extract_text().split())


def issued(seller):
    return billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)


GOOD = (
    png(),
    svg(),
    svg(top="<?xml version='1.0' encoding='UTF-8'?>\n"),
    svg("<style>.a{fill:url(#g)}</style><rect class='a' width='9' height='9'/>"),
)


@pytest.mark.parametrize("content", GOOD, ids=["png", "svg", "declared", "styled"])
def test_pictures_that_only_show_are_taken(seller, content):
    entity = billing.set_logo(seller.pk, content, actor=SYSTEM)

    assert read_file(entity.logo) == content
    assert billing.logo_on_paper(entity.logo.sha256).lstrip().startswith("<")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"GIF89a" + b"x" * 40, "This is no PNG, JPEG or SVG."),
        (b"%PDF-1.7", "This is no PNG, JPEG or SVG."),
        (b"<html><body>x</body></html>", "This is no PNG, JPEG or SVG."),
        (png()[:40], "The picture is damaged, or is one that cannot be archived in a PDF."),
        (png() + b"x" * logos.MOST_BYTES, "The picture is larger than 200 kB."),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 30000, 30000),
            "larger than 3000 points",
        ),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "The picture is damaged."),
        (svg("<script>alert(1)</script>"), "script"),
        (svg("<rect onload='x()'/>"), "onload"),
        (svg("<image href='https://example.com/x.png'/>"), "image"),
        (svg("<foreignObject/>"), "foreignObject"),
        (svg("<use href='#a'/>"), "use"),
        (svg("<a href='javascript:x'/>"), "SVG holds a"),
        (svg("<rect style='fill:url(https://example.com/x)'/>"), "style"),
        (svg("<rect fill='url( \"//example.com\")'/>"), "fill"),
        (svg("<style>@import url(https://example.com)</style>"), "url()"),
        (svg("<rect/>", top="<!DOCTYPE svg [<!ENTITY a 'b'>]>"), "DOCTYPE"),
        (svg("<b xmlns='http://www.w3.org/1999/xhtml'/>"), "SVG holds b"),
        (svg("<g>"), "The picture is damaged."),
        (svg("<rect/>" * 3001), "shapes"),
        (svg("<g>" * 200 + "</g>" * 200), "groups in groups"),
    ],
)
def test_everything_else_is_refused_with_the_reason(seller, content, reason):
    with pytest.raises(LogoRefused) as refused:
        billing.set_logo(seller.pk, content, actor=SYSTEM)

    assert reason in refused.value.message
    assert LegalEntity.objects.get().logo is None
    assert not Attachment.objects.exists()


def masks(levels, shapes, *, name="mask", attribute="mask", of=lambda ref: ref, style=""):
    """Return an SVG in which each of some shapes asks for a mask of as many, so many levels deep."""
    given = []
    for level in range(levels):
        ask = of(f"{attribute}='url(#m{level + 1})'") if level + 1 < levels else ""
        given.append(f"<{name} id='m{level}'>" + f"<rect width='9' height='9' {ask}/>" * shapes + f"</{name}>")
    return svg(f"{style}<defs>{''.join(given)}</defs><rect width='9' height='9' {attribute}='url(#m0)'/>")


def in_style(reference):
    attribute, _equals, value = reference.partition("=")
    return f'style="{attribute}: {value[1:-1]}"'


BY_CLASS = "<style>/* a */ " + "".join(f".a{n}, .b{{mask:url(#m{n})}}" for n in range(9)) + "</style>"
BY_WHATEVER = "<style>svg > defs rect{clip-path:url('#m8')}</style>"
AGAIN = "The SVG draws its shapes again and again by masks and clips: more than 10000 of them."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (masks(8, 10), AGAIN),
        (masks(8, 10, name="clipPath", attribute="clip-path"), AGAIN),
        (masks(8, 10, of=in_style), AGAIN),
        (masks(8, 10, of=lambda ref: f"class='a{ref[-3]}'", style=BY_CLASS), AGAIN),
        (
            svg(
                "<style>rect{mask:url(#m)}</style><mask id='m'>" + "<circle r='1'/>" * 99 + "</mask>" + "<rect/>" * 101
            ),
            AGAIN,
        ),
        (masks(10, 1), "The SVG leads from mask to mask more than 8 times."),
        (masks(1_400, 1), "The SVG leads from mask to mask more than 8 times."),
        (svg("<mask id='m'><rect mask='url(#m)'/></mask><rect mask='url(#m)'/>"), "back to itself"),
        (svg(f"{BY_WHATEVER}<defs><mask id='m8'><rect/></mask></defs>"), "back to itself"),
        (
            svg("<linearGradient id='a' href='#b'/><linearGradient id='b' href='#a'/><rect fill='url(#a)'/>"),
            "back to itself",
        ),
    ],
    ids=["masks", "clips", "style", "class", "tag", "a chain", "a long chain", "a ring", "by whatever", "gradients"],
)
def test_what_leads_to_more_and_more_is_refused_before_it_is_drawn(seller, content, reason, monkeypatch):
    """Fails with `why_too_much` taken out of `logos._why_not_svg`: the first would be drawn for minutes."""
    monkeypatch.setattr(typesetting, "why_not_drawn", lambda *_given: "It was drawn.")
    with pytest.raises(LogoRefused) as refused:
        billing.set_logo(seller.pk, content, actor=SYSTEM)

    assert reason in refused.value.message


def test_what_drawing_programs_write_with_masks_and_clips_is_taken(seller):
    clipped = (
        "<style>.st0{clip-path:url(#SVGID_2_);}.st1{fill:url(#g);}</style><defs><rect id='SVGID_1_' width='60'/>"
        "<linearGradient id='h'><stop offset='0'/></linearGradient><linearGradient id='g' href='#h'/></defs>"
        "<clipPath id='SVGID_2_'><rect width='60' height='20'/></clipPath>"
    )
    for content in (
        svg(clipped + "<g class='st0'>" + "<rect class='st1' width='9' height='9'/>" * 900 + "</g>"),
        svg(clipped + "<rect class='st0 st1' width='9' height='9'/>" * 900),
        masks(3, 10),
        masks(8, 1),
    ):
        assert billing.set_logo(seller.pk, content, actor=SYSTEM).logo


def test_a_picture_that_is_drawn_for_too_long_is_ended_and_refused_in_words(seller, staff, monkeypatch):
    """Whatever it is that nobody thought of: here masks in masks that are not counted."""
    monkeypatch.setattr(logos.logo_references, "why_too_much", lambda root: "")
    monkeypatch.setattr(typesetting, "DRAWN_WITHIN", 1)
    page = reverse("admin:billing_legalentity_change", args=[seller.pk])
    picture = SimpleUploadedFile("logo.svg", masks(9, 10), content_type="image/svg+xml")
    begun = time.monotonic()
    shown = staff.post(page, form_of(seller, picture=picture)).content.decode()
    assert "The picture takes more than 1 seconds to draw, or too much memory." in shown
    assert time.monotonic() - begun < 15
    assert LegalEntity.objects.get().logo is None
    shown = staff.post(page, form_of(seller, picture=SimpleUploadedFile("logo.svg", masks(2, 3)))).status_code
    assert (shown, bool(LegalEntity.objects.get().logo)) == (302, True)


def test_what_is_issued_keeps_the_logo_it_had(seller, run_debts):
    plain = issued(seller)
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    early = issued(seller)
    billing.set_logo(seller.pk, png(), actor=SYSTEM)
    late = issued(seller)
    billing.set_logo(seller.pk, None, actor=SYSTEM)
    marks = [Invoice.objects.get(pk=one.pk).seller.get("logo") for one in (plain, early, late)]

    # All are printed only now.
    papers = [read_file(billing.render_invoice_pdf(one.pk)) for one in (plain, early, late)]
    assert marks[0] is None
    assert len(set(marks)) == 3
    # Without a logo the first letter of the name is its mark.
    assert [text_of(paper).startswith("K Kettle") for paper in papers] == [True, False, False]
    assert [paper.count(b"/Subtype/Image") for paper in papers] == [0, 0, 1]
    note = billing.credit_invoice(late.pk, reference="all", actor=SYSTEM)
    run_debts()
    assert "logo" not in CreditNote.objects.get(pk=note.pk).seller
    call_command("verify_documents")


def test_a_logo_that_was_lost_keeps_no_invoice_from_being_printed(seller):
    billing.set_logo(seller.pk, svg(), actor=SYSTEM)
    invoice = issued(seller)
    Attachment.objects.filter(thread="billing.logo").update(sha256="0" * 64)

    assert b"%PDF" in read_file(billing.render_invoice_pdf(invoice.pk))


def form_of(seller, **given):
    plain = {name: getattr(seller, name) for name in ("name", "vat_id", "email", "phone", "bank_name", "iban", "bic")}
    return {**plain, **seller.address, "line2": "", "is_default": "on", **given}


def test_the_logo_is_set_and_taken_away_on_the_page_of_the_seller(seller, staff):
    page = reverse("admin:billing_legalentity_change", args=[seller.pk])
    bad = staff.post(page, form_of(seller, picture=SimpleUploadedFile("logo.png", b"<script>")))
    assert (bad.status_code, list(bad.context["adminform"].form.errors)) == (200, ["picture"])
    assert staff.post(page, form_of(seller, picture=SimpleUploadedFile("x.txt", png()))).status_code == 302

    kept = LegalEntity.objects.get().logo
    assert (kept.content_type, kept.name, read_file(kept)) == ("image/png", "logo.png", png())
    assert "data:image/svg+xml;base64," in staff.get(page).content.decode()
    assert staff.post(page, form_of(seller, no_picture="on")).status_code == 302
    assert LegalEntity.objects.get().logo is None
    told = EventRecord.objects.filter(name="billing.legalentity.changed", payload__after__has_key="logo")
    assert told.count() == EventRecord.objects.filter(name="billing.legalentity.changed").count() == 2
    assert Attachment.objects.filter(pk=kept.pk).exists()


def test_a_sample_shows_the_form_and_saves_nothing(seller, staff):
    sample = reverse("admin:billing_legalentity_sample", args=[seller.pk])
    assert sample in staff.get(reverse("admin:billing_legalentity_change", args=[seller.pk])).content.decode()
    before = EventRecord.objects.count()
    shown = staff.post(sample, form_of(seller, name="Newer & Co.", picture=SimpleUploadedFile("a.png", png())))

    text = text_of(shown.content)
    assert shown.headers["Content-Type"] == "application/pdf"
    for said in ("Newer & Co.", "Sample invoice", "A sample: no invoice, and nothing is to be paid.", "Total €119.00"):
        assert said in text, said
    assert shown.content.count(b"/Subtype/Image") == 1
    assert (LegalEntity.objects.get().name, EventRecord.objects.count()) == (seller.name, before)
    assert (Invoice.objects.count(), Attachment.objects.count()) == (0, 0)
    wrong = staff.post(sample, form_of(seller, iban="DE00"), follow=True)
    assert "This is no IBAN." in wrong.content.decode()
    new = staff.post(reverse("admin:billing_legalentity_new_sample"), form_of(seller, code="second", prefix="AT"))
    assert new.headers["Content-Type"] == "application/pdf"


def test_who_may_only_look_at_sellers_draws_no_samples(seller, client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ida", is_staff=True))
    assert client.post(reverse("admin:billing_legalentity_sample", args=[seller.pk]), {}).status_code == 403
