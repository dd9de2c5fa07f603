"""All about an order as one ZIP: its data, its history, documents, mails, comments and files, with a list of them.

Whatever is about an order writes to its history and keeps its files and mails under it; so nothing has to be
remembered here when a floor adds something. Built in a file of its own, piece by piece, whatever the size.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils import timezone

from billing.models import CreditNote, Invoice, Payment, Refund
from billing.services import render_credit_note_pdf, render_invoice_pdf
from core.admin import history
from core.admin.differences import changes_of
from core.files import FileDamaged, read_file
from core.mail import as_message
from core.models import Attachment, EventRecord, OutgoingMail
from fulfillment.models import FulfillmentOrder, Shipment, TrackingEvent
from orders.models import Comment, Hold, Order, OrderChange, OrderCharge, OrderException, OrderFile, OrderLine
from returns.models import ReturnLine, ReturnRequest

IN_MEMORY = 5_000_000
AT_ONCE = 50
UNSAFE = re.compile(r"[^\w.+@-]+")
# Signs by which we find a record, and what tells one try from the next: nothing about the order.
INTERNAL = frozenset({"name_key", "surname_key", "phone_key", "goods_key", "address_key", "dedupe_key", "page_url"})


@dataclass
class Dossier:
    """A ZIP that is being written: what is in it, and which files could not be read."""

    archive: zipfile.ZipFile
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put a file in, piece by piece; its place is its own whatever others are called."""
        folder, _slash, base = name.rpartition("/")
        place, n = name, 1
        while place in self.listed:
            n += 1
            place = f"{folder}/{n}-{base}" if folder else f"{n}-{base}"
        checksum, size = hashlib.sha256(), 0
        with self.archive.open(place, "w") as file:
            for piece in pieces:
                file.write(piece)
                checksum.update(piece)
                size += len(piece)
        self.listed[place] = {"name": place, "bytes": size, "sha256": checksum.hexdigest()}

    def add_kept(self, folder: str, kept: Attachment) -> None:
        """Put a kept file in; one that is lost is named as such, and does not spoil the rest."""
        name = f"{folder}/{plain_name(kept.name)}"
        try:
            self.add(name, [read_file(kept)])
        except FileDamaged:
            self.damaged.append(name)


def plain_name(name: str) -> str:
    """Return a name that is one on every disk."""
    return UNSAFE.sub("_", name).strip("._") or "file"


def file_of(order: Order) -> IO[bytes]:
    """Return the dossier of an order, ready to be read from its beginning."""
    made: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever hands it out closes it
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        dossier = Dossier(archive)
        documents = _add_documents(dossier, order)
        _add_mails(dossier, order)
        for kept in Attachment.objects.filter(thread=order.history_thread()).exclude(pk__in=documents).order_by("pk"):
            dossier.add_kept("files", kept)
        data = _data(order)
        dossier.add("order.json", [_json(data)])
        events = EventRecord.objects.filter(thread=order.history_thread()).order_by("pk")
        dossier.add("history.json", _array(_row(event) for event in events.iterator()))
        dossier.add("index.html", [_page(order, dossier).encode()])
        files = list(dossier.listed.values())
        listed = {"order": order.number, "made_at": timezone.now(), "files": files, "lost": dossier.damaged}
        archive.writestr("manifest.json", _json(listed))
    made.seek(0)
    return made


def _add_documents(dossier: Dossier, order: Order) -> list[int]:
    """Put the invoices and credit notes in, as they were sent; drafts are none yet."""
    issued: list[tuple[Any, Any]] = [(render_invoice_pdf, Invoice), (render_credit_note_pdf, CreditNote)]
    papers = [
        document.pdf or render(document.pk)
        for render, model in issued
        for document in model.objects.filter(order=order, number__isnull=False).select_related("pdf").order_by("pk")
    ]
    for paper in papers:
        dossier.add_kept("documents", paper)
    return [paper.pk for paper in papers]


def _add_mails(dossier: Dossier, order: Order) -> None:
    mails = OutgoingMail.objects.filter(thread=order.history_thread()).prefetch_related("attachments").order_by("pk")
    for n, mail in enumerate(mails.iterator(chunk_size=AT_ONCE), start=1):
        name = f"mails/{n:03}-{timezone.localtime(mail.created_at):%Y-%m-%d}-{plain_name(mail.kind)}.eml"
        try:
            dossier.add(name, [as_message(mail).message().as_bytes()])
        except FileDamaged:
            dossier.damaged.append(name)


def _data(order: Order) -> dict[str, Any]:
    """Return the order and what belongs to it, as it is kept."""
    parts: dict[str, Any] = {
        "lines": OrderLine.objects.filter(order=order),
        "charges": OrderCharge.objects.filter(order=order),
        "edits": OrderChange.objects.filter(order=order),
        "comments": Comment.objects.filter(order=order),
        "files": OrderFile.objects.filter(order=order),
        "holds": Hold.objects.filter(order=order),
        "exceptions": OrderException.objects.filter(order=order),
        "invoices": Invoice.objects.filter(order=order),
        "credit_notes": CreditNote.objects.filter(order=order),
        "payments": Payment.objects.filter(order=order),
        "refunds": Refund.objects.filter(order=order),
        "work": FulfillmentOrder.objects.filter(order=order),
        "parcels": Shipment.objects.filter(order=order),
        "tracking": TrackingEvent.objects.filter(shipment__order=order),
        "returns": ReturnRequest.objects.filter(order=order),
        "return_lines": ReturnLine.objects.filter(return_request__order=order),
    }
    found = {name: [_row(one) for one in rows.order_by("pk")] for name, rows in parts.items()}
    named = {"channel": order.channel.code, "customer": str(order.customer or "")}
    return {"order": {**_row(order), **named}, **found}


def _row(record: Model) -> dict[str, Any]:
    fields = (one for one in record._meta.concrete_fields if one.name not in INTERNAL)
    return {one.attname: one.value_from_object(record) for one in fields}


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


def _array(rows: Iterable[Any]) -> Iterator[bytes]:
    """Write rows one by one, so that a long history is never in memory as a whole."""
    start = b"[\n"
    for row in rows:
        yield start + _json(row)
        start = b",\n"
    yield b"[]" if start == b"[\n" else b"\n]"


def _page(order: Order, dossier: Dossier) -> str:
    """Return the page that a person opens first: the order, its history in words, and what lies beside it."""
    told = history.records(order.history_thread()).order_by("at", "pk")
    return render_to_string(
        "desk/dossier.html",
        {
            "order": order,
            "lines": OrderLine.objects.filter(order=order).order_by("position"),
            "comments": Comment.objects.filter(order=order).order_by("pk"),
            "moments": _moments(told.iterator()),
            "files": list(dossier.listed),
            "lost": dossier.damaged,
            "made_at": timezone.now(),
        },
    )


def _moments(records: Iterable[EventRecord]) -> Iterator[dict[str, Any]]:
    for record in records:
        yield {
            "at": record.at,
            "actor": record.actor,
            "text": history.words(record),
            "note": record.note,
            "changes": changes_of(record),
        }
