"""Paper: words and figures in, PDF out. What is printed is data to typst, never markup."""

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from django.utils.translation import gettext as _
from segno import helpers

from billing import drawing_apart

PAPER = Path(__file__).resolve().parent / "paper"
# What banks read in a payment code (EPC069-12): an amount in euros, and so many letters of a name and of a text.
LEAST, MOST = Decimal("0.01"), Decimal("999999999.99")
LETTERS_OF_NAME, LETTERS_OF_TEXT = 70, 140
BIC_LENGTHS = (8, 11)
# So many seconds of a processor a logo may take to be drawn; a usual one takes less than a hundredth.
DRAWN_WITHIN = 5
# What Factur-X 1.0 wants said in the metadata, and what PDF/A wants said about these words.
_FACTURX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAID = {
    "DocumentType": ("INVOICE", "The type of the hybrid document"),
    "DocumentFileName": ("factur-x.xml", "The name of the embedded XML document"),
    "Version": ("1.0", "The actual version of the standard"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
MACHINES_READ = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_FACTURX}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _about) in _SAID.items())
    + "</rdf:Description>"
).encode()
THEIR_WORDS = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{_FACTURX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>"
    + "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{about}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, (_value, about) in _SAID.items()
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()


def draw(template: str, content: Mapping[str, Any]) -> bytes:
    """Let typst draw a template as a PDF that may be archived (PDF/A-3b)."""
    return bytes(
        typst.compile(
            str(PAPER / f"{template}.typ"),
            root=str(PAPER),
            sys_inputs={"content": json.dumps(content)},
            pdf_standards=["a-3b"],
            ignore_system_fonts=True,
        )
    )


def draw_document(content: Mapping[str, Any]) -> bytes:
    """Draw a document or another paper of that kind; with `xml` in it, it says that machines can read it."""
    paper = draw("document", content)
    return for_machines(paper) if content["xml"] else paper


def why_not_drawn(picture: bytes, kind: str) -> str:
    """Return why a picture (`png`, `jpg`, `svg`) cannot be drawn on a paper for the archive; nothing where it can.

    It is drawn by a process of its own: one that draws for too long is ended, and the paper machine is not.
    """
    told = json.dumps({"picture": list(picture), "kind": kind}).encode()
    command = [sys.executable, "-I", drawing_apart.__file__, str(DRAWN_WITHIN)]
    try:
        # By the clock, four times as long: a machine that does much else is no reason to refuse a picture.
        ended = subprocess.run(command, input=told, capture_output=True, timeout=4 * DRAWN_WITHIN, check=False)
    except subprocess.TimeoutExpired:
        return _too_long()
    if ended.returncode == drawing_apart.CANNOT:
        return _("The picture is damaged, or is one that cannot be archived in a PDF.")
    return _too_long() if ended.returncode else ""


def draw_small(picture: str, *, widest: int, highest: int, points_per_inch: int) -> bytes:
    """Draw an SVG that was tried before as a PNG of at most so many points of a screen, 72 of which are an inch."""
    content = {"picture": picture, "widest": widest, "highest": highest}
    return bytes(
        typst.compile(
            str(PAPER / "small.typ"),
            root=str(PAPER),
            sys_inputs={"content": json.dumps(content)},
            format="png",
            ppi=points_per_inch,
            ignore_system_fonts=True,
        )
    )


def _too_long() -> str:
    return _("The picture takes more than %(n)s seconds to draw, or too much memory. A simpler one will do.") % {
        "n": DRAWN_WITHIN
    }


def attached(paper: bytes) -> bytes | None:
    """Return the file that was put into a PDF drawn here, if there is one."""
    head = re.search(rb"<</Length (\d+)[^\n]*/Type/EmbeddedFile[^\n]*>>\nstream\n", paper)
    if head is None:
        return None
    content = paper[head.end() : head.end() + int(head[1])]
    return zlib.decompress(content) if b"/FlateDecode" in head[0] else content


def for_machines(paper: bytes) -> bytes:
    """Let a PDF drawn here say in its metadata that it is a Factur-X (and ZUGFeRD) invoice, as readers ask for.

    typst knows nothing of that, so the words are put in, and what stands behind them is found further on.
    """
    head = re.search(rb"<</Length (\d+)/Type/Metadata/Subtype/XML>>\nstream\n", paper)
    # The last one: whatever somebody wrote into a note stands before it.
    begin = max(0, paper.rfind(b"\nxref\n0 "))
    table = re.compile(rb"(?s)\nxref\n0 (\d+)\n(.*?)trailer\n.*startxref\n(\d+)\n%%EOF\s*$").match(paper, begin)
    if head is None or table is None:
        raise ValueError("typst writes PDFs in another way than we know")
    said = paper[head.end() : head.end() + int(head[1])]
    said = said.replace(b"</rdf:RDF>", MACHINES_READ + b"</rdf:RDF>", 1)
    said = said.replace(b"<pdfaExtension:schemas><rdf:Bag>", b"<pdfaExtension:schemas><rdf:Bag>" + THEIR_WORDS, 1)
    begins = b"<</Length %d/Type/Metadata/Subtype/XML>>\nstream\n" % len(said)
    body = paper[: head.start()] + begins + said + paper[head.end() + int(head[1]) : table.start()]
    moved = len(body) - table.start()

    def move(place: bytes) -> bytes:
        return b"%010d" % (int(place) + moved) if int(place) > head.start() else place

    rows = re.sub(rb"(\d{10})(?= \d{5} n)", lambda found: move(found[1]), table[2])
    trailer = paper[table.end(2) : table.start(3)]
    return body + b"\nxref\n0 " + table[1] + b"\n" + rows + trailer + b"%d\n%%%%EOF" % (int(table[3]) + moved)


def payment_code(*, name: str, iban: str, bic: str, amount: str, text: str) -> str:
    """Return the QR code that banking apps read (EPC069-12), as SVG; nothing where that has no place for it."""
    code = _epc(name=name, iban=iban, bic=bic, amount=amount, text=text)
    if code is None:
        return ""
    out = BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


def payment_picture(*, name: str, iban: str, bic: str, amount: str, text: str) -> str:
    """Return the same code as the address of a picture for a page, black on white also where the page is dark."""
    code = _epc(name=name, iban=iban, bic=bic, amount=amount, text=text)
    return "" if code is None else str(code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True))


def page_code(address: str) -> str:
    """Return the QR code that leads a telephone to a page, as SVG."""
    out = BytesIO()
    segno.make_qr(address, error="l").save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


def _epc(*, name: str, iban: str, bic: str, amount: str, text: str) -> segno.QRCode | None:
    """Return the code; none for an amount, a name or an account that the standard does not take.

    A longer name is cut, as it is in the transfer itself: SEPA has the same room for it.
    """
    holder, account = name.strip()[:LETTERS_OF_NAME].strip(), iban.replace(" ", "")
    if not (holder and account and LEAST <= Decimal(amount) <= MOST):
        return None
    # Within the EEA the IBAN is enough; a BIC that is none must not keep anybody from paying.
    code = bic.replace(" ", "")
    known = code if len(code) in BIC_LENGTHS else None
    try:
        return helpers.make_epc_qr(
            name=holder, iban=account, bic=known, amount=Decimal(amount), text=text[:LETTERS_OF_TEXT]
        )
    except ValueError:
        # Something that is no IBAN, or more than the 331 bytes that a code may hold: the account is there in words.
        return None
