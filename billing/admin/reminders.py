"""Reminders: who would get what, the run that sends them, its levels, and who is left in peace."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.models import Invoice, ReminderLetter, ReminderLevel, ReminderRun
from billing.panels import OPERATE
from core import seat
from core.actors import Actor
from core.admin.actors import actor_for
from core.admin.base import BackOfficeAdmin
from core.admin.columns import actor_column, flag_column, link_column, when_column
from core.admin.links import list_of, page_of
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import retold, spoken_amount
from customers.models import Customer

VIEW = "billing.view_invoice"
NAMED = 100


class PauseForm(forms.Form):
    """Until when nobody is reminded, and why."""

    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def clean_until(self) -> Any:
        """Refuse a day that is over, and one that nobody remembers."""
        day, today = self.cleaned_data["until"], seat.today()
        if day < today:
            raise forms.ValidationError(gettext("That day is over."))
        if day > today + timedelta(days=366):
            raise forms.ValidationError(gettext("At most a year from now."))
        return day


def _pause_invoice(invoice_id: int, *, until: Any, reason: str, actor: Actor) -> None:
    services.set_aside(invoice_id=invoice_id, until=until, reason=reason, actor=actor)


def _resume_invoice(invoice_id: int, *, actor: Actor) -> None:
    services.take_up_again(invoice_id=invoice_id, actor=actor)


def _pause_customer(customer_id: int, *, until: Any, reason: str, actor: Actor) -> None:
    services.set_aside(customer_id=customer_id, until=until, reason=reason, actor=actor)


def _resume_customer(customer_id: int, *, actor: Actor) -> None:
    services.take_up_again(customer_id=customer_id, actor=actor)


def _in_two_weeks(_subject: Any) -> dict[str, Any]:
    return {"until": seat.today() + timedelta(days=14)}


def pause_spec(service: Any, when: Any = None) -> TransitionSpec:
    """Return the step that sets somebody or something aside from reminders."""
    return TransitionSpec(
        _("Set aside from reminders"),
        service,
        OPERATE,
        form=PauseForm,
        initial=_in_two_weeks,
        consequences=lambda subject: [gettext("No reminder is sent until the end of that day.")],
        when=when,
        elsewhere=True,
    )


def resume_spec(service: Any) -> TransitionSpec:
    """Return the step that ends that."""
    return TransitionSpec(
        _("Remind again"),
        service,
        OPERATE,
        consequences=lambda subject: [gettext("The next run reminds as usual.")],
        elsewhere=True,
    )


OF_INVOICE = {"set-aside": pause_spec(_pause_invoice), "remind-again": resume_spec(_resume_invoice)}


class RemindersOfCustomer(TransitionAdmin, BackOfficeAdmin):
    """What can be done about the reminders of a customer; offered on their page, done here."""

    transition_services = {"set-aside": pause_spec(_pause_customer), "remind-again": resume_spec(_resume_customer)}


@admin.register(ReminderRun, site=site)
class ReminderRunAdmin(PanelAdmin):
    """Runs, the youngest first."""

    page = "billing.reminderrun"
    list_display = (
        "code",
        when_column("started_at", _("Started")),
        actor_column("started_by"),
        "letters_sent",
        "letters_dropped",
    )
    ordering = ("-id",)
    search_fields = ("=code",)
    empty_text = _("No reminder was sent yet. What is overdue is reminded of from the list of overdue invoices.")
    facts = (when_column("started_at", _("Started")), actor_column("started_by"))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ReminderRun]":
        """Count the letters along with the run."""
        state = ReminderLetter.Status
        return (
            super()
            .get_queryset(request)
            .annotate(
                sent=Count("letters", filter=Q(letters__status=state.SENT)),
                dropped=Count("letters", filter=Q(letters__status=state.DROPPED)),
            )
        )

    @admin.display(description=_("Letters sent"))
    def letters_sent(self, obj: Any) -> int:
        """Return how many letters went out."""
        return int(obj.sent)

    @admin.display(description=_("Not sent"))
    def letters_dropped(self, obj: Any) -> int:
        """Return how many letters did not."""
        return int(obj.dropped)

    def page_title(self, obj: ReminderRun) -> str:
        """Name the run."""
        return gettext("Reminders %(run)s") % {"run": obj.code}

    def headline(self, obj: ReminderRun) -> str:
        """Say how far it is."""
        counted = obj.letters.aggregate(
            every=Count("pk"),
            waiting=Count("pk", filter=Q(status=ReminderLetter.Status.PLANNED)),
            sent=Count("pk", filter=Q(status=ReminderLetter.Status.SENT)),
        )
        if counted["waiting"]:
            return gettext("%(done)s of %(every)s letters are done; look again in a moment.") % {
                "done": counted["every"] - counted["waiting"],
                "every": counted["every"],
            }
        said = ngettext("%(sent)s letter was sent.", "%(sent)s letters were sent.", counted["sent"])
        return said % {"sent": counted["sent"]}

    def get_urls(self) -> list[Any]:
        """Add the page before a run, and the steps about a customer."""
        view = self.admin_site.admin_view
        of_customer = RemindersOfCustomer(Customer, self.admin_site)
        return [
            path("plan/", view(plan_reminders), name="plan_reminders"),
            path(
                "of-customer/<path:object_id>/<slug:name>/",
                view(of_customer.transition_view),
                name="billing_customer_reminders",
            ),
            *super().get_urls(),
        ]


def plan_reminders(request: HttpRequest) -> HttpResponse:
    """Show who would get which reminder (GET), or send those that stay ticked (POST)."""
    if not request.user.has_perms((VIEW, OPERATE)):
        raise PermissionDenied
    if request.method == "POST":
        wanted = [key for key in request.POST.getlist("due") if _is_key(key)]
        run = services.begin_reminders(wanted, actor=actor_for(request)) if wanted else None
        if run is not None:
            return HttpResponseRedirect(page_of(run))
        said = (
            _("Nothing was sent: none of it is due any more.")
            if wanted
            else _("Nothing was ticked, so nothing was sent.")
        )
        messages.warning(request, said)
        return HttpResponseRedirect(request.path)
    proposal = services.propose_reminders()
    context = {
        **site.each_context(request),
        "title": _("Send reminders"),
        "letters": [_shown(letter) for letter in proposal.letters],
        "count": len(proposal.letters),
        "skipped": [
            {"due": due, "why": retold(due.why), "open": _open(due.invoice), "url": page_of(due.invoice)}
            for due in proposal.skipped[:NAMED]
        ],
        "skipped_count": len(proposal.skipped),
        "more": proposal.more,
        "back": list_of(Invoice, waits="overdue"),
        "levels": list_of(ReminderLevel) if request.user.has_perm("billing.view_reminderlevel") else "",
    }
    return TemplateResponse(request, "billing/plan_reminders.html", context)


def _is_key(key: str) -> bool:
    pk, colon, level = key.partition(":")
    return bool(colon) and pk.isascii() and pk.isdigit() and len(pk) <= 18 and level.isascii() and level.isdigit()


def _shown(letter: services.Letter) -> dict[str, Any]:
    tones = dict(ReminderLevel.Tone.choices)
    return {
        "name": letter.name,
        "email": letter.email,
        "customer": page_of(letter.invoice.order.customer),
        "rows": [
            {
                "due": due,
                "invoice": due.invoice,
                "open": _open(due.invoice),
                "url": page_of(due.invoice),
                "level": due.level.number if due.level else 0,
                "tone": tones[due.level.tone] if due.level else "",
                "stops": bool(due.level and due.level.stops_orders and due.invoice.order.customer_id),
            }
            for due in letter.rows
        ],
    }


def _open(invoice: Invoice) -> str:
    return spoken_amount(invoice.open_amount, invoice.currency)


@admin.register(ReminderLevel, site=site)
class ReminderLevelAdmin(BackOfficeAdmin):
    """The levels. The closest set counts as a whole: of seller and channel, of the channel, of the seller, of all."""

    list_display = (
        "number",
        "days",
        "tone",
        flag_column("stops_orders", _("Holds new orders")),
        link_column("legal_entity", _("Seller")),
        link_column("channel", _("Channel")),
        flag_column("active", _("Active")),
    )
    list_select_related = ("legal_entity", "channel")
    list_filter = ("active",)
    editable = ("number", "days", "tone", "stops_orders", "active")
    create_fields = ("legal_entity", "channel", "number", "days", "tone", "stops_orders")
    empty_text = _("No levels yet: reminders go out after 3, 14 and 28 days, and the third holds new orders.")
    change_service = staticmethod(services.change_level)
    create_service = staticmethod(services.create_level)
