"""`/invoices/` and `/credit-notes/`: what was written, on screen and on paper, and how it is taken back."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.utils.crypto import get_random_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors, services
from billing.errors import CreditExceedsInvoice, UnknownDocument
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.api.auth import declare_scope
from core.api.filters import refuse_unknown
from core.api.idempotency import idempotent
from core.api.pdf import PAPER, XML, paper, xml
from core.api.views import ApiListView, ApiView
from core.errors import Invalid
from core.files import read_file

from .filters import CreditNoteFilters, InvoiceFilters
from .serializers import (
    CreditNoteDetailSerializer,
    CreditNoteSerializer,
    CreditSerializer,
    InvoiceDetailSerializer,
    InvoiceSerializer,
)

OPERATE = "billing.operate_payment"
READ_DOCUMENTS, READ_MONEY, MOVE_MONEY = "invoices:read", "payments:read", "payments:write"
declare_scope(READ_DOCUMENTS, "billing.view_invoice")
declare_scope(READ_MONEY, "billing.view_payment")
declare_scope(MOVE_MONEY, OPERATE)


def read(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """Return the body as the serializer understands it, or raise with pointers."""
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class DocumentView(ApiView):
    """Sees the documents of the caller's channels; all others are as if they did not exist."""

    required_scopes = {"GET": READ_DOCUMENTS, "POST": MOVE_MONEY}

    def invoice(self, number: str) -> Invoice:
        """Return an invoice with its rows. Raises UnknownDocument for foreign ones too."""
        rows = selectors.invoices(self.channels).prefetch_related(
            Prefetch("lines", InvoiceLine.objects.order_by("position"))
        )
        if found := rows.filter(number=number.upper()).first():
            return found
        raise UnknownDocument("There is no such invoice")

    def credit_note(self, number: str) -> CreditNote:
        """Return a credit note with its rows. Raises UnknownDocument for foreign ones too."""
        rows = selectors.credit_notes(self.channels).prefetch_related(
            Prefetch("lines", CreditNoteLine.objects.order_by("position"))
        )
        if found := rows.filter(number=number.upper()).first():
            return found
        raise UnknownDocument("There is no such credit note")


class InvoicesView(DocumentView, ApiListView):
    """All invoices that were issued, the youngest first."""

    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Invoice]:
        """Return what the caller may see."""
        return selectors.invoices(self.channels)


class OneInvoiceView(DocumentView):
    """One invoice."""

    @extend_schema(responses=InvoiceDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it with its parties and rows."""
        refuse_unknown(request, ())
        return Response(InvoiceDetailSerializer(self.invoice(number)).data)


class InvoicePdfView(DocumentView):
    """An invoice on paper."""

    renderer_classes = PAPER

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF; it is drawn on first request and stays as it is."""
        refuse_unknown(request, ())
        kept = services.render_invoice_pdf(self.invoice(number).pk)
        return paper(read_file(kept), kept.name)


class InvoiceXmlView(DocumentView):
    """An invoice for machines: EN 16931, as its PDF holds it."""

    renderer_classes = XML

    @extend_schema(responses={(200, "application/xml"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the XML (UN/CEFACT CII; Factur-X and ZUGFeRD)."""
        refuse_unknown(request, ())
        name, content = services.invoice_xml(self.invoice(number).pk)
        return xml(content, name)


class CreditView(DocumentView):
    """An invoice is taken back."""

    @extend_schema(request=CreditSerializer, responses={201: CreditNoteDetailSerializer})
    @idempotent(required=True)
    def post(self, request: Request, number: str) -> Response:
        """Credit rows of an invoice, or all that is left of it; the number follows a moment later."""
        given = read(CreditSerializer, request)
        invoice = self.invoice(number)
        lines = given.get("lines")
        by_amount = any("amount" in line for line in lines or ())
        rows = of_rows(invoice, lines, "amount" if by_amount else "quantity")
        try:
            note = services.credit_invoice(
                invoice.pk,
                quantities=None if by_amount else rows,
                amounts=rows if by_amount else None,
                amount=given.get("amount"),
                reference=given.get("reference") or f"API-{get_random_string(10).upper()}",
                reason=given["reason"],
                actor=self.actor,
            )
        except CreditExceedsInvoice as error:
            places = {f"/amount_{line['id']}": f"/lines/{place}/amount" for place, line in enumerate(lines or ())}
            for fault in error.errors:
                fault["pointer"] = places.get(fault["pointer"], fault["pointer"])
            raise
        found = CreditNote.objects.select_related("order", "invoice").prefetch_related("lines").get(pk=note.pk)
        return Response(CreditNoteDetailSerializer(found).data, status=status.HTTP_201_CREATED)


def of_rows(invoice: Invoice, lines: list[dict[str, Any]] | None, name: str) -> dict[int, Any] | None:
    """Return units (or amounts) by row, or none where no rows are named. Raises Invalid for rows it has not."""
    if lines is None:
        return None
    known = {str(row.pk) for row in invoice.lines.all()}
    faults = [
        {"pointer": f"/lines/{place}/id", "code": "unknown_line", "detail": f"{invoice} has no such row"}
        for place, line in enumerate(lines)
        if line["id"] not in known
    ]
    if faults:
        raise Invalid(faults[0]["detail"], errors=faults)
    found: dict[int, Any] = {}
    for line in lines:
        found[int(line["id"])] = found.get(int(line["id"]), 0) + line[name]
    return found


class CreditNotesView(DocumentView, ApiListView):
    """All credit notes that were issued, the youngest first."""

    serializer_class = CreditNoteSerializer
    filterset_class = CreditNoteFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[CreditNote]:
        """Return what the caller may see."""
        return selectors.credit_notes(self.channels)


class OneCreditNoteView(DocumentView):
    """One credit note."""

    @extend_schema(responses=CreditNoteDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it with its parties and rows."""
        refuse_unknown(request, ())
        return Response(CreditNoteDetailSerializer(self.credit_note(number)).data)


class CreditNotePdfView(DocumentView):
    """A credit note on paper."""

    renderer_classes = PAPER

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF; it is drawn on first request and stays as it is."""
        refuse_unknown(request, ())
        kept = services.render_credit_note_pdf(self.credit_note(number).pk)
        return paper(read_file(kept), kept.name)


class CreditNoteXmlView(DocumentView):
    """A credit note for machines: EN 16931, as its PDF holds it."""

    renderer_classes = XML

    @extend_schema(responses={(200, "application/xml"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the XML (UN/CEFACT CII; Factur-X and ZUGFeRD)."""
        refuse_unknown(request, ())
        name, content = services.credit_note_xml(self.credit_note(number).pk)
        return xml(content, name)
