"""Invoices and credit notes: to be read, printed, and taken back; never changed."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing import dunning, selectors, services
from billing.models import CreditNote, Invoice
from core.actors import Actor
from core.admin.base import Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import badge_column, link_column, money_column, retold_column, when_column
from core.admin.links import list_of
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import spoken_amount

from . import amounts, mailing, reminders, rewriting, write_offs
from .forms import CreditForm
from .papers import PaperAdmin

OPERATE = "billing.operate_payment"
CREDITABLE = (*selectors.WAITING, Invoice.Status.PAID, Invoice.Status.WRITTEN_OFF)


def credit(invoice_id: int, *, quantities: dict[int, int], reason: str, actor: Actor, **asked: Any) -> CreditNote:
    """Credit units of an invoice as the form says."""
    reference = f"CR-{get_random_string(8).upper()}"
    return services.credit_invoice(invoice_id, quantities=quantities, reference=reference, reason=reason, actor=actor)


def what_a_credit_does(invoice: Invoice) -> list[str]:
    """Say what happens when units are credited."""
    sentences = [
        gettext("A credit note with a number of its own names %(number)s; the invoice itself never changes.")
        % {"number": invoice.number},
        gettext("Crediting all of it cancels the invoice."),
    ]
    if invoice.paid_total:
        sentences.append(gettext("No money goes back by this; refund the payment for that."))
    if invoice.order.email and not invoice.order.quiet:
        sentences.append(gettext("%(email)s gets the credit note.") % {"email": invoice.order.email})
    return sentences


# What a list of invoices sorts by under "Open": see `Invoice.open_amount`.
OPEN = Case(
    When(status__in=(Invoice.Status.CANCELLED, Invoice.Status.WRITTEN_OFF), then=Value(Decimal(0))),
    default=selectors.open_amount() - F("written_off_total"),
)


class WaitingFilter(admin.SimpleListFilter):
    """By what an invoice waits for."""

    title = _("waits for")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name what they may wait for."""
        return [("money", _("money")), ("overdue", _("money, overdue"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Invoice]") -> "QuerySet[Invoice]":
        """Return the invoices that wait for it."""
        if self.value() == "money":
            return queryset.filter(status__in=selectors.WAITING)
        return queryset.filter(selectors.overdue()) if self.value() == "overdue" else queryset


class AgeFilter(admin.SimpleListFilter):
    """By how long an invoice is overdue."""

    title = _("overdue for")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the buckets."""
        return [(key, bucket_name(least, most)) for key, least, most in dunning.BUCKETS]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Invoice]") -> "QuerySet[Invoice]":
        """Return the invoices of that age."""
        return queryset.filter(selectors.in_bucket(self.value() or "")) if self.value() else queryset


def bucket_name(least: int, most: int | None) -> str:
    """Name an ageing bucket."""
    if most is None:
        return gettext("more than %(n)s days") % {"n": least - 1}
    return gettext("%(least)s to %(most)s days") % {"least": least, "most": most}


@admin.display(description=_("Customer"))
def customer(document: Invoice | CreditNote) -> str:
    """Return who the document is for, as printed."""
    return str(document.buyer.get("address", {}).get("company") or document.buyer.get("name", ""))


@admin.register(Invoice, site=site)
class InvoiceAdmin(BulkAdmin, PaperAdmin, TransitionAdmin, PanelAdmin):
    """Invoices, the youngest first."""

    page = "billing.invoice"
    render = staticmethod(services.render_invoice_pdf)
    write = staticmethod(services.invoice_xml)
    list_display = (
        "__str__",
        badge_column("status"),
        customer,
        link_column("order", _("Order")),
        when_column("issued_on", _("Date")),
        when_column("due_on", _("Due")),
        money_column("total", _("Total")),
        money_column("open_amount", _("Open"), ordering=OPEN),
    )
    list_select_related = ("order",)
    list_filter = (WaitingFilter, AgeFilter, "status", "issued_on", "currency")
    tabs = (
        Tab(_("Open"), {"waits": "money"}),
        Tab(_("Overdue"), {"waits": "overdue"}),
        Tab(_("Paid"), {"status__exact": "paid"}),
        Tab(_("Written off"), {"status__exact": "written_off"}),
        Tab(_("Cancelled"), {"status__exact": "cancelled"}),
    )
    search_fields = ("=number", "=order__number", "=source_reference")
    search_help_text = _("Number of the invoice, the order or the parcel")
    empty_text = _("No invoices here. They are written when goods leave.")
    facts = (
        link_column("order", _("Order")),
        customer,
        when_column("issued_on", _("Date")),
        when_column("supplied_on", _("Supplied")),
        when_column("due_on", _("Due")),
        money_column("total", _("Total")),
        money_column("open_amount", _("Open"), ordering=OPEN),
        money_column("written_off_total", _("Written off"), if_any=True),
        link_column("replaces", _("Replaces")),
        link_column("successor", _("Replaced by")),
        "source_reference",
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "credit": TransitionSpec(
            _("Credit"),
            credit,
            OPERATE,
            form=CreditForm,
            once=True,
            consequences=what_a_credit_does,
            style="danger",
            when=lambda invoice: invoice.status in CREDITABLE and invoice.credited_total < invoice.total,
            done=_("The credit note is written and gets its number in a moment."),
        ),
        **rewriting.OF_INVOICE,
        "mail": mailing.mail_spec(services.mail_invoice),
        "credit-amount": TransitionSpec(
            _("Credit an amount"),
            amounts.give_back,
            OPERATE,
            form=amounts.AmountsForm,
            once=True,
            shown=amounts.what_it_comes_to,
            state=amounts.how_it_stands,
            lock=services.take_invoice,
            style="danger",
            when=lambda invoice: invoice.status in CREDITABLE and invoice.credited_total < invoice.total,
            done=_("The credit note is written and gets its number in a moment."),
        ),
        **write_offs.OF_INVOICE,
        **reminders.OF_INVOICE,
    }
    bulk_services: ClassVar[dict[str, BulkSpec]] = {"mail_many": mailing.mail_many_spec(services.mail_invoice)}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show, above what is overdue, how much of it has been for how long, and the way to remind of it."""
        extra = dict(extra_context or {})
        if request.GET.get("waits") == "overdue" and self.has_view_permission(request):
            extra["ageing"] = [_shown_bucket(one, request.GET.get("age", "")) for one in selectors.ageing()]
            extra["remind_url"] = reverse("admin:plan_reminders") if request.user.has_perm(OPERATE) else ""
        return super().changelist_view(request, extra)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Invoice]":
        """Read the order along with the invoice."""
        return super().get_queryset(request).select_related("order", "replaces", "replaced_by")

    def page_title(self, obj: Invoice) -> str:
        """Name the invoice."""
        return gettext("Invoice %(number)s") % {"number": obj.number} if obj.number else gettext("Draft of an invoice")

    def headline(self, obj: Invoice) -> str:
        """Say whether it is paid."""
        money = obj.money("total")
        if obj.status == Invoice.Status.DRAFT:
            return gettext("Gets its number in a moment.")
        if obj.successor:
            return gettext("Taken back in full, and written again as %(number)s.") % {"number": obj.successor}
        if obj.status == Invoice.Status.CANCELLED:
            return gettext("Taken back in full.")
        if obj.status == Invoice.Status.WRITTEN_OFF:
            off = spoken_amount(obj.written_off_total, obj.currency)
            return gettext("%(amount)s of it is written off; nobody is asked for it.") % {"amount": off}
        if not obj.open_amount:
            return gettext("Settled: %(amount)s.") % {"amount": spoken_amount(money.amount, money.currency)}
        return ""

    def alert(self, obj: Invoice) -> str:
        """Say that it is overdue, and for how long."""
        if not obj.is_overdue or obj.due_on is None:
            return ""
        days = selectors.days_overdue(obj)
        return ngettext("Overdue for %(n)s day.", "Overdue for %(n)s days.", days) % {"n": days}


def _shown_bucket(one: selectors.Bucket, chosen: str) -> dict[str, Any]:
    current = one.key == chosen
    aim = {} if current else {"age": one.key}
    return {
        "label": bucket_name(one.least, one.most),
        "amount": spoken_amount(one.amount, one.currency),
        "count": one.count,
        "current": current,
        "url": list_of(Invoice, waits="overdue", **aim) if one.count else "",
    }


@admin.register(CreditNote, site=site)
class CreditNoteAdmin(BulkAdmin, PaperAdmin, TransitionAdmin, PanelAdmin):
    """Credit notes, the youngest first."""

    page = "billing.creditnote"
    render = staticmethod(services.render_credit_note_pdf)
    write = staticmethod(services.credit_note_xml)
    list_display = (
        "__str__",
        badge_column("status"),
        customer,
        link_column("invoice", _("Invoice")),
        link_column("order", _("Order")),
        when_column("issued_on", _("Date")),
        money_column("total", _("Total")),
        "reference",
    )
    list_select_related = ("order", "invoice")
    list_filter = ("status", "issued_on", "currency")
    search_fields = ("=number", "=invoice__number", "=order__number", "=reference")
    search_help_text = _("Number of the credit note, invoice, order or return")
    empty_text = _("No credit notes yet.")
    facts = (
        link_column("invoice", _("Invoice")),
        link_column("invoice__successor", _("Written again as")),
        link_column("order", _("Order")),
        customer,
        when_column("issued_on", _("Date")),
        money_column("total", _("Total")),
        "reference",
        retold_column("reason", _("Reason")),
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        **rewriting.OF_CREDIT_NOTE,
        "mail": mailing.mail_spec(services.mail_credit_note),
    }
    bulk_services: ClassVar[dict[str, BulkSpec]] = {"mail_many": mailing.mail_many_spec(services.mail_credit_note)}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CreditNote]":
        """Read order and invoice along with the note."""
        return super().get_queryset(request).select_related("order", "invoice__replaced_by", "invoice__order")

    def page_title(self, obj: CreditNote) -> str:
        """Name the credit note."""
        if not obj.number:
            return gettext("Draft of a credit note")
        return gettext("Credit note %(number)s") % {"number": obj.number}
