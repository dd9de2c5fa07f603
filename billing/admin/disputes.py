"""Disputes: payments that the customer's bank asks back, what to send it by when, and who bears what is lost."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.admin import evidence
from billing.admin.columns import buyer
from billing.models import Dispute
from core.actors import Actor
from core.admin.base import Tab
from core.admin.columns import (
    actor_column,
    badge_column,
    choice_column,
    code_column,
    link_column,
    money_column,
    when_column,
)
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import spoken_amount

OPERATE = "billing.operate_payment"
Reason = Dispute.Reason
# What a bank wants to see, by what the customer says (docs.stripe.com/disputes/responding).
EVIDENCE = {
    Reason.FRAUDULENT: _("Who ordered and where it was delivered: the order, the delivery proof, earlier orders."),
    Reason.UNRECOGNIZED: _("Who ordered and where it was delivered: the order, the delivery proof, earlier orders."),
    Reason.NOT_RECEIVED: _("That it arrived: carrier, tracking number, the day and the address of delivery."),
    Reason.UNACCEPTABLE: _(
        "What was promised and what was sent: the product page, the order, what the customer wrote."
    ),
    Reason.DUPLICATE: _("That there were two orders: both invoices, both deliveries."),
    Reason.NOT_CREDITED: _("Why no money was due, or that it went back: the terms of return, the credit note."),
    Reason.SUBSCRIPTION: _("The terms the customer agreed to, and when they cancelled."),
}
USUAL = _("The invoice, the delivery proof, and what the customer wrote.")


def bear_loss(dispute_id: int, *, actor: Actor) -> Dispute:
    """Let it be our loss."""
    return services.decide_dispute(dispute_id, customer_owes=False, actor=actor)


def charge_customer(dispute_id: int, *, actor: Actor) -> Dispute:
    """Let the customer owe it again."""
    return services.decide_dispute(dispute_id, customer_owes=True, actor=actor)


def _what_a_loss_does(dispute: Dispute) -> list[str]:
    amount = spoken_amount(dispute.undecided, dispute.currency)
    return [
        gettext("%(amount)s is written into the ledger as bad debt.") % {"amount": amount},
        gettext("The invoice stays paid; the customer owes nothing."),
    ]


def _what_owing_does(dispute: Dispute) -> list[str]:
    owed = min(dispute.undecided, dispute.payment.kept)
    amount = spoken_amount(owed, dispute.currency)
    said = [
        gettext("The customer owes %(amount)s again: it is open on the invoices that were paid with it.")
        % {"amount": amount},
        gettext("They can pay it anew, and are reminded of it when it is overdue."),
    ]
    if lost := dispute.undecided - owed:
        rest = spoken_amount(lost, dispute.currency)
        said.append(gettext("%(amount)s went to the customer before, and is your loss.") % {"amount": rest})
    return said


@admin.register(Dispute, site=site)
class DisputeAdmin(TransitionAdmin, PanelAdmin):
    """Disputes, those whose evidence is due first at the top."""

    page = "billing.dispute"
    list_display = (
        "__str__",
        badge_column("status"),
        buyer,
        link_column("order", _("Order")),
        choice_column("reason", _("Reason")),
        when_column("evidence_due_at", _("Evidence due")),
        "evidence",
        money_column("taken", _("Taken")),
        money_column("returned", _("Given back"), if_any=True),
        when_column("opened_at", _("Since")),
    )
    list_select_related = ("order", "payment")
    list_filter = ("status", "reason", "opened_at", "currency")
    tabs = (
        Tab(_("Open"), {"status__exact": "open"}),
        Tab(_("Won"), {"status__exact": "won"}),
        Tab(_("Lost"), {"status__exact": "lost"}),
    )
    search_fields = ("=code", "=reference", "=order__number")
    search_help_text = _("Id, reference of the provider or number of the order")
    ordering = (F("evidence_due_at").asc(nulls_last=True), "-id")
    empty_text = _("No disputes here. They come by themselves when a customer's bank asks a payment back.")
    facts = (
        buyer,
        link_column("order", _("Order")),
        link_column("payment", _("Payment")),
        choice_column("reason", _("Reason")),
        money_column("amount", _("Disputed")),
        when_column("evidence_due_at", _("Evidence due")),
        "evidence",
        "provider",
        money_column("taken", _("Taken by the provider")),
        money_column("returned", _("Given back"), if_any=True),
        money_column("lost", _("Our loss"), if_any=True),
        money_column("owed", _("Owed by the customer again"), if_any=True),
        money_column("owed_back", _("Owed no more"), if_any=True),
        money_column("credit_held", _("Store credit held"), if_any=True),
        money_column("credit_back", _("Store credit charged back"), if_any=True),
        code_column("reference", _("Reference")),
        when_column("opened_at", _("Since")),
        when_column("closed_at", _("Ended")),
        actor_column("decided_by", _("Decided by")),
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "answer": TransitionSpec(
            _("Answer the bank"),
            services.give_evidence,
            OPERATE,
            form=evidence.EvidenceForm,
            consequences=evidence.what_answering_does,
            initial=evidence.proposed,
            arguments=evidence.as_told,
            style="primary",
            when=lambda dispute: dispute.takes_evidence,
            done=_("Your answer is on its way to the provider."),
        ),
        "owed": TransitionSpec(
            _("The customer owes it again"),
            charge_customer,
            OPERATE,
            consequences=_what_owing_does,
            style="primary",
            when=lambda dispute: dispute.is_to_be_decided and dispute.undecided > 0 and dispute.payment.kept > 0,
            done=_("The customer owes it again."),
        ),
        "loss": TransitionSpec(
            _("It is our loss"),
            bear_loss,
            OPERATE,
            consequences=_what_a_loss_does,
            when=lambda dispute: dispute.is_to_be_decided,
            done=_("It is written off as our loss."),
        ),
    }

    def headline(self, obj: Dispute) -> str:
        """Say what is to be done."""
        if obj.is_to_be_decided:
            return gettext("It is lost. Say who bears it: the customer, who then owes it again, or you.")
        if obj.status != Dispute.Status.OPEN:
            return ""
        if obj.is_on_its_way:
            return gettext("Your answer is on its way to the provider.")
        if obj.evidence_sent:
            return gettext("The bank has your evidence and decides; that may take weeks.")
        if obj.evidence_failure:
            said = {"reason": obj.evidence_failure}
            return gettext("The provider did not take your answer: %(reason)s. Answer once more.") % said
        wanted = EVIDENCE.get(Reason(obj.reason), USUAL)
        return gettext("Answer the bank, here or on the provider's page, with: %(what)s") % {"what": wanted}

    @admin.display(description=_("evidence"))
    def evidence(self, obj: Dispute) -> str:
        """Say whether the bank has it."""
        if obj.status != Dispute.Status.OPEN:
            return "–"
        if obj.evidence_sent:
            return gettext("with the bank")
        if obj.is_on_its_way:
            return gettext("on its way")
        return gettext("not taken") if obj.evidence_failure else gettext("to be sent")

    @admin.display(description=_("provider"))
    def provider(self, obj: Dispute) -> Any:
        """Lead to where evidence is given."""
        if not obj.page_url:
            return obj.payment.gateway
        words = gettext("Open its page")
        return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{} ↗</a>', obj.page_url, words)

    def page_title(self, obj: Dispute) -> str:
        """Say how much it is about."""
        amount = spoken_amount(obj.amount, obj.currency)
        return gettext("%(amount)s disputed") % {"amount": amount}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Dispute]":
        """Read order and payment along with the dispute."""
        return super().get_queryset(request).select_related("order", "payment")
