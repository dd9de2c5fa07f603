"""An invoice that names the wrong party is taken back and written again, from its page or that of its credit note."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import selectors, services
from billing.models import CreditNote, Invoice
from billing.services.invoicing import due_on
from core import seat
from core.actors import Actor
from core.admin.forms import SubjectForm
from core.admin.transitions import TransitionSpec
from core.countries import country_choices
from core.errors import DomainError
from core.reader import locale, spoken_amount, spoken_date
from customers.addresses import PostalAddress
from orders import services as orders
from orders.inputs import Party

OPERATE = "billing.operate_payment"
LIVE = (*selectors.WAITING, Invoice.Status.PAID, Invoice.Status.WRITTEN_OFF)
PARTS = ("company", "name", "line1", "line2", "postal_code", "city", "region", "country")
DONE = _("The invoice is written again, and both papers go out in a moment.")


def _invoice_of(document: Invoice | CreditNote) -> Invoice:
    return document if isinstance(document, Invoice) else document.invoice


class RewriteForm(SubjectForm):
    """Who is billed after all, as the order says it now, and what was wrong."""

    subject: Invoice | CreditNote
    customer_name = forms.CharField(
        label=_("Name of the customer"), max_length=200, help_text=_("Where the address names somebody else.")
    )
    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    line1 = forms.CharField(label=_("Street and number"), max_length=200)
    line2 = forms.CharField(label=_("Addition"), max_length=200, required=False)
    postal_code = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100)
    region = forms.CharField(label=_("Region"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country"))
    vat_id = forms.CharField(
        label=_("VAT id"),
        max_length=20,
        required=False,
        help_text=_("One with which the order would be taxed otherwise is refused: the amounts stay."),
    )
    purchase_order_number = forms.CharField(label=_("Their reference"), max_length=100, required=False)
    language = forms.ChoiceField(label=_("Language of the papers"))
    reason = forms.CharField(
        label=_("What was wrong"), max_length=300, help_text=_("It stands on the credit note; the customer reads it.")
    )

    def prepare(self) -> None:
        """Offer countries and languages; one name is enough where order and address say the same."""
        known, order = dict(settings.LANGUAGES), _invoice_of(self.subject).order
        languages = [(order.language, known.get(order.language, order.language))]
        languages += [one for one in settings.LANGUAGES if one[0] != order.language]
        country: Any = self.fields["country"]
        language: Any = self.fields["language"]
        country.choices, language.choices = country_choices(str(locale())), languages
        self.is_one_name = order.bill_to.name == order.customer_name
        if self.is_one_name:
            del self.fields["customer_name"]

    def clean(self) -> dict[str, Any]:
        """Somebody has to be named."""
        cleaned = super().clean() or self.cleaned_data
        if self.is_one_name and not self.errors:
            cleaned["customer_name"] = cleaned["name"]
        if not self.errors and not (cleaned["name"] or cleaned["company"] or cleaned["customer_name"]):
            self.add_error("name", gettext("Say who is billed"))
        return cleaned


def as_it_says(document: Invoice | CreditNote) -> dict[str, Any]:
    """Return who is billed for the order as it stands now."""
    said = vars(orders.party_of(_invoice_of(document).order))
    address: PostalAddress = said.pop("billing_address")
    return {**said, **{part: getattr(address, part) for part in PARTS}}


def _write_again(invoice: Invoice, said: dict[str, Any], *, actor: Actor) -> Invoice:
    before = invoice.order.bill_to
    address = PostalAddress(**{part: said[part].strip() for part in PARTS}, phone=before.phone)
    named = ("customer_name", "vat_id", "language", "purchase_order_number")
    party = Party(billing_address=address, **{name: said[name] for name in named})
    try:
        return services.rewrite_invoice(invoice.pk, party=party, reason=said["reason"], actor=actor)
    except DomainError as error:
        for fault in error.errors:
            fault["pointer"] = fault["pointer"].removeprefix("/billing_address")
        raise


def rewrite(invoice_id: int, *, actor: Actor, **said: Any) -> Invoice:
    """Write an invoice again as the form says."""
    return _write_again(Invoice.objects.select_related("order").get(pk=invoice_id), said, actor=actor)


def rewrite_from_note(note_id: int, *, actor: Actor, **said: Any) -> Invoice:
    """Write the invoice of a credit note again as the form says."""
    note = CreditNote.objects.select_related("invoice__order").get(pk=note_id)
    return _write_again(note.invoice, said, actor=actor)


def what_it_does(document: Invoice | CreditNote) -> list[str]:
    """Say what becomes of the old invoice, of the money and of the order."""
    invoice, order = _invoice_of(document), _invoice_of(document).order
    words = {
        "number": invoice.number,
        "left": spoken_amount(invoice.total - invoice.credited_total, invoice.currency),
        "paid": spoken_amount(invoice.paid_total, invoice.currency),
        "due": spoken_date(due_on(order, seat.today())),
        "email": order.email,
        "order": order,
    }
    told = []
    if invoice.status == Invoice.Status.CANCELLED:
        told.append(gettext("A new invoice over what was credited last names %(number)s, which it replaces."))
    else:
        told.append(gettext("A credit note takes back the %(left)s that are left of %(number)s."))
        told.append(gettext("A new invoice over the same rows and amounts names %(number)s, which it replaces."))
    told.append(gettext("It is dated today and to be paid by %(due)s."))
    if invoice.paid_total and invoice.status != Invoice.Status.CANCELLED:
        told.append(gettext("The %(paid)s that were paid on it count for the new one; no money moves."))
    if invoice.written_off_total:
        told.append(gettext("What is written off of it is written off of the new one."))
    told.append(gettext("%(order)s says who is billed from now on; the record of the customer stays as it is."))
    if order.email and not order.quiet:
        told.append(gettext("%(email)s gets both papers in one mail."))
    return [one % words for one in told]


def _spec(label: Any, service: Any, when: Any) -> TransitionSpec:
    return TransitionSpec(
        label,
        service,
        OPERATE,
        form=RewriteForm,
        initial=as_it_says,
        once=True,
        consequences=what_it_does,
        when=when,
        done=DONE,
    )


OF_INVOICE = {
    "rewrite": _spec(
        _("Cancel and write again"),
        rewrite,
        lambda invoice: invoice.status in LIVE and services.is_rewritable(invoice),
    ),
    "write-again": _spec(
        _("Write again"),
        rewrite,
        lambda invoice: invoice.status == Invoice.Status.CANCELLED and services.is_rewritable(invoice),
    ),
}
OF_CREDIT_NOTE = {
    "write-again": _spec(
        _("Write the invoice again"),
        rewrite_from_note,
        lambda note: services.is_last_note(note) and services.is_rewritable(note.invoice),
    ),
}
