"""Bank statements: taken in from a file, looked at row by row, and booked; what nobody knows is a worklist."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.models import BankBooking, BankLine, BankStatement, Invoice, LegalEntity, Payout
from billing.panels import OPERATE
from core import sight
from core.actors import Actor
from core.admin import navigation
from core.admin.actors import actor_for
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import actor_column, badge_column, link_column, money_column, retold_column, when_column
from core.admin.forms import show_refusal
from core.admin.links import list_of, page_of
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.errors import DomainError
from core.reader import retold, spoken_amount

from .bank_forms import AssignForm, LeaveForm, StatementForm

VIEW = "billing.view_bankline"
NEEDED = (VIEW, OPERATE)
PER_PAGE = 100
# So many rows that were known are named one by one.
KNOWN_NAMED = 50


def assign(line_id: int, *, invoices: str, take_as_paid: bool, actor: Actor) -> BankLine:
    """Book a transfer for invoices, as the form says."""
    return services.book_line(
        line_id, numbers=invoices.replace(";", ",").split(","), take_as_paid=take_as_paid, actor=actor
    )


def _proposed(line: BankLine) -> dict[str, Any]:
    keys = [pk for pk, _part in line.proposal]
    numbers = dict(Invoice.objects.filter(pk__in=keys).values_list("pk", "number"))
    return {"invoices": ", ".join(str(numbers[pk]) for pk in keys if pk in numbers)}


def _what_undoing_does(line: BankLine) -> list[str]:
    rows = BankBooking.objects.filter(line=line).select_related("payment__order").order_by("pk")
    said = [
        gettext("%(amount)s is taken back from %(order)s, and its invoice waits for money again.")
        % {"amount": spoken_amount(one.payment.captured, one.payment.currency), "order": one.payment.order}
        for one in rows
    ]
    return [*said, gettext("The ledger is answered by the opposite, dated today; the transfer is on the list again.")]


def _what_arriving_does(line: BankLine) -> list[str]:
    if line.amount < 0:
        return [gettext("The provider took it from the bank; nobody's refund is booked.")]
    return [gettext("The payout is at the bank; it is no customer's payment.")]


@admin.register(BankLine, site=site)
class BankLineAdmin(TransitionAdmin, PanelAdmin):
    """Transfers, the youngest first; those that wait are the worklist."""

    page = "billing.bankline"
    list_display = (
        "__str__",
        badge_column("status"),
        badge_column("confidence", _("Match")),
        "text",
        when_column("booked_on", _("Booked on")),
        link_column("statement", _("Statement")),
        money_column("amount", _("Amount")),
    )
    list_select_related = ("statement",)
    list_filter = ("status", "confidence", "booked_on")
    tabs = (
        Tab(_("To be booked"), {"status__exact": "open"}),
        Tab(_("Booked"), {"status__exact": "booked"}),
        Tab(_("Left out"), {"status__exact": "left"}),
    )
    search_fields = ("^name", "=text")
    search_help_text = _("Beginning of the name, or the whole reference")
    ordering = ("-id",)
    empty_text = _("No transfers here. They come with a bank statement.")
    change_list_template = "billing/statements.html"
    facts = (
        "name",
        "text",
        when_column("booked_on", _("Booked on")),
        money_column("amount", _("Amount")),
        link_column("statement", _("Statement")),
        link_column("payout", _("Payout")),
        retold_column("reason", _("why it is left out")),
        actor_column("done_by"),
        when_column("done_at", _("Done")),
    )
    transition_services = {
        "arrived": TransitionSpec(
            _("It is the payout"),
            services.book_line,
            OPERATE,
            consequences=_what_arriving_does,
            style="primary",
            when=lambda line: line.status == BankLine.Status.OPEN and line.payout_id is not None,
            done=_("The payout is at the bank."),
        ),
        "assign": TransitionSpec(
            _("Book it"),
            assign,
            OPERATE,
            form=AssignForm,
            initial=_proposed,
            consequences=lambda line: [
                gettext("A payment by bank transfer is recorded for the order of each invoice."),
                gettext("What is less than is open leaves the rest open."),
            ],
            style="primary",
            when=lambda line: line.status == BankLine.Status.OPEN and line.amount > 0,
            done=_("The transfer is booked."),
        ),
        "undo": TransitionSpec(
            _("Undo the booking"),
            services.undo_booking,
            "billing.undo_booking",
            form=LeaveForm,
            consequences=_what_undoing_does,
            style="danger",
            when=lambda line: line.status == BankLine.Status.BOOKED and line.payout_id is None,
            done=_("The booking is undone; the transfer waits to be booked again."),
        ),
        "leave": TransitionSpec(
            _("Leave it out"),
            services.leave_line,
            OPERATE,
            form=LeaveForm,
            consequences=lambda line: [gettext("Nothing is booked; it can be put back on the list.")],
            when=lambda line: line.status == BankLine.Status.OPEN,
        ),
        "take-up": TransitionSpec(
            _("Put it back"),
            services.take_line_up,
            OPERATE,
            consequences=lambda line: [gettext("It waits to be booked again.")],
            when=lambda line: line.status == BankLine.Status.LEFT,
        ),
    }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the transfers, and the way to bring more."""
        return super().changelist_view(request, {"may_bring": _may_bring(request), **(extra_context or {})})

    def badges(self, obj: BankLine) -> list[tuple[str, Any]]:
        """Say where it stands, and how sure the proposal is."""
        found = [(obj.status, obj.get_status_display())]  # type: ignore[attr-defined]
        if obj.status == BankLine.Status.OPEN:
            found.append((obj.confidence, obj.get_confidence_display()))  # type: ignore[attr-defined]
        return found

    def headline(self, obj: BankLine) -> str:
        """Say what it may be for, and why."""
        if obj.status != BankLine.Status.OPEN:
            return ""
        return "; ".join(retold(one) for one in obj.why)


@admin.register(BankStatement, site=site)
class BankStatementAdmin(BackOfficeAdmin):
    """Files of banks, the youngest first."""

    list_display = (
        "file_name",
        "account",
        "taken",
        actor_column("taken_by"),
        when_column("taken_at", _("Taken in")),
    )
    list_display_links = ("file_name",)
    ordering = ("-id",)
    search_fields = ("^file_name", "=account")
    empty_text = _("No statement was taken in yet.")
    change_list_template = "billing/statements.html"

    @admin.display(description=_("New rows"))
    def taken(self, obj: BankStatement) -> int:
        """Return how many rows were new."""
        return int(obj.summary.get("taken", 0))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the files, and the way to bring another."""
        extra = {"may_bring": _may_bring(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def get_urls(self) -> list[Any]:
        """Add the page on which a file is brought."""
        return [
            path("bring/", self.admin_site.admin_view(self.bring_view), name="bring_statement"),
            *super().get_urls(),
        ]

    def bring_view(self, request: HttpRequest) -> HttpResponse:
        """Take in a file; what it holds is shown next, and booked only if somebody says so."""
        if not _may_bring(request):
            raise PermissionDenied
        seller = LegalEntity.objects.filter(is_default=True).first()
        usual = {"account": seller.iban if seller else "", "currency": "EUR"}
        form = StatementForm(request.POST or None, request.FILES or None, initial=usual)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                statement = services.take_statement(
                    name=given["file"].name,
                    content=given["file"].read(),
                    account=given["account"],
                    currency=given["currency"],
                    days=given["days"],
                    actor=actor_for(request),
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                if given["book_certain"]:
                    _tell(request, services.book_certain(statement.pk, actor=actor_for(request)))
                return HttpResponseRedirect(page_of(statement))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Bring a bank statement"),
            "form": form,
            "opts": self.opts,
            "back": list_of(BankStatement),
        }
        return TemplateResponse(request, "billing/bring_statement.html", context, status=400 if form.errors else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show every row with what it may be for (GET), or book those that are ticked (POST)."""
        statement = self.get_object(request, unquote(object_id))
        if statement is None:
            return self.unknown(request, object_id)
        if not self.has_view_permission(request, statement):
            raise PermissionDenied
        if request.method == "POST":
            if not request.user.has_perms(NEEDED):
                raise PermissionDenied
            ticked = [
                int(key) for key in request.POST.getlist("line") if key.isascii() and key.isdigit() and len(key) < 19
            ]
            mine = statement.lines.filter(pk__in=ticked, status=BankLine.Status.OPEN).values_list("pk", flat=True)
            _tell(request, services.book_lines(list(mine), actor=actor_for(request)))
            return HttpResponseRedirect(request.get_full_path())
        lines = statement.lines.order_by("position")
        page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page", "1"))
        context = {
            **self.admin_site.each_context(request),
            "title": statement.file_name,
            "statement": statement,
            "rows": _rows(list(page)),
            "page": page,
            "may_book": request.user.has_perms(NEEDED),
            "opts": self.opts,
            "known": len(statement.summary.get("known", [])) + len(statement.summary.get("elsewhere", [])),
            "known_rows": ", ".join(map(str, statement.summary.get("known", [])[:KNOWN_NAMED])),
            "known_more": max(0, len(statement.summary.get("known", [])) - KNOWN_NAMED),
            "elsewhere": statement.summary.get("elsewhere", [])[:KNOWN_NAMED],
            "faulty": [
                (number, "; ".join(map(retold, faults))) for number, faults in statement.summary.get("faulty", [])
            ],
            "notes": [retold(one) for one in statement.summary.get("notes", [])],
            "waiting": lines.filter(status=BankLine.Status.OPEN).count(),
            "worklist": list_of(BankLine, status__exact="open"),
        }
        return TemplateResponse(request, "billing/statement.html", context)


def _rows(lines: list[BankLine]) -> list[dict[str, Any]]:
    keys = {pk for line in lines for pk, _part in line.proposal}
    invoices = Invoice.objects.select_related("order__customer").in_bulk(keys)
    payouts = Payout.objects.in_bulk({line.payout_id for line in lines if line.payout_id})
    return [
        {
            "line": line,
            "url": page_of(line),
            "why": "; ".join(retold(one) for one in line.why),
            "reason": retold(line.reason) if line.reason else "",
            "is_open": line.status == BankLine.Status.OPEN,
            "may_be_booked": line.status == BankLine.Status.OPEN and bool(line.proposal or line.payout_id),
            "payout": payouts.get(line.payout_id or 0),
            "payout_url": page_of(payouts.get(line.payout_id or 0)),
            "ticked": line.confidence == BankLine.Confidence.EXACT,
            "invoices": [
                {"invoice": invoices[pk], "url": page_of(invoices[pk]), "amount": part}
                for pk, part in line.proposal
                if pk in invoices
            ],
        }
        for line in lines
    ]


def _tell(request: HttpRequest, done: list[services.Booked]) -> None:
    refused = [one for one in done if one.refusal]
    if booked := len(done) - len(refused):
        said = ngettext("%(n)s transfer is booked.", "%(n)s transfers are booked.", booked) % {"n": booked}
        messages.success(request, said)
    for one in refused[:10]:
        messages.warning(request, f"{one.line}: {retold(one.refusal)}")
    if not done:
        messages.warning(request, gettext("Nothing was ticked, so nothing was booked."))


MONEY = _("Money")
navigation.register(
    MONEY, _("Bank transfers"), "admin:billing_bankline_changelist", permission=VIEW, order=524, icon="coins",
    query="?status__exact=open",
)  # fmt: skip
navigation.register(
    MONEY,
    _("Bank statements"),
    "admin:billing_bankstatement_changelist",
    permission="billing.view_bankstatement",
    order=526,
    icon="coins",
)


def _may_bring(request: HttpRequest) -> bool:
    """Whether somebody may take in a statement: what comes in on an account is of all channels."""
    return request.user.has_perms(NEEDED) and sight.limited_to("channel") is None
