"""Asks for what a customer's bank is to read: words, and documents of the order or new ones."""

from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.models import Dispute, DisputeFile
from core import uploads
from core.admin.forms import SubjectForm
from core.reader import spoken_amount
from customers.addresses import PostalAddress
from orders.models import Movement

BEGINNING = 16
ENDINGS = ("pdf", "png", "jpg", "jpeg")
Kind = DisputeFile.Kind


class DocumentField(forms.FileField):
    """One document that a bank reads; gives it back as an `uploads.NewFile`."""

    def __init__(self, **given: Any) -> None:
        accept = ",".join(f".{ending}" for ending in ENDINGS)
        super().__init__(required=False, widget=forms.FileInput(attrs={"accept": accept}), **given)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Look at its name, its size and how it begins."""
        file = super().clean(data, initial)
        if not file:
            return None
        beginning = file.read(BEGINNING)
        file.seek(0)
        if fault := uploads.why_not(file.name, file.size, beginning):
            raise forms.ValidationError(fault)
        if uploads.ending_of(file.name) not in ENDINGS:
            raise forms.ValidationError(gettext("Banks read PDF, PNG and JPEG."))
        if file.size > services.MOST_EVIDENCE:
            said = {"most": filesizeformat(services.MOST_EVIDENCE)}
            raise forms.ValidationError(gettext("Together the documents may have at most %(most)s.") % said)
        return uploads.made_of(file.name, file.read())


class EvidenceForm(SubjectForm):
    """What is said to the bank, with one document of each kind: one of the order, or a new one."""

    text = forms.CharField(
        label=_("What you say"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("The bank does not know your shop: say what was ordered, when it was sent, where it arrived."),
    )
    invoice = forms.ChoiceField(label=_("Invoice"), required=False)
    delivery = forms.ChoiceField(label=_("Proof of delivery"), required=False)
    delivery_file = DocumentField(
        label=_("Proof of delivery, new"), help_text=_("The receipt of the carrier, or a page of its tracking.")
    )
    letters = forms.ChoiceField(label=_("What the customer wrote"), required=False)
    letters_file = DocumentField(label=_("What the customer wrote, new"))
    other = forms.ChoiceField(label=_("Another document"), required=False)
    other_file = DocumentField(
        label=_("Another document, new"),
        help_text=_("PDF, PNG or JPEG, all together at most 4.5 MB. New ones are kept with the order."),
    )

    def prepare(self) -> None:
        """Offer the documents of the order."""
        found = [(str(one.pk), one.name) for one in services.evidence_at_hand(self.subject)]
        for kind in Kind.values:
            field = self.fields[kind]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", "–"), *found]

    def clean(self) -> Any:
        """Refuse two documents where the bank takes one."""
        data = super().clean() or {}
        for kind in Kind.values:
            if data.get(kind) and data.get(f"{kind}_file"):
                self.add_error(f"{kind}_file", gettext("The bank takes one document of each kind."))
        return data


def as_told(_dispute: Dispute, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says as the service wants it."""
    pieces = []
    for kind in Kind.values:
        if (file := data.get(f"{kind}_file")) is not None:
            pieces.append(services.Piece(kind, file=file))
        elif chosen := data.get(kind):
            pieces.append(services.Piece(kind, attachment=int(chosen)))
    return {"text": data["text"], "pieces": pieces}


def proposed(dispute: Dispute) -> dict[str, Any]:
    """Propose what we know: who ordered, where it went and when; and the latest invoice."""
    invoices = dispute.order.invoices.exclude(pdf=None).order_by("pk").values_list("pdf", flat=True)
    invoice = str(list(invoices)[-1]) if invoices else ""
    return {"text": dispute.evidence_text or "\n".join(_what_we_know(dispute)), "invoice": invoice}


def _what_we_know(dispute: Dispute) -> list[str]:
    order = dispute.order
    there = PostalAddress.from_dict(order.shipping_address).spoken(get_language() or "en")
    parcels = dict(
        Movement.objects.filter(line__order=order, kind=Movement.Kind.SHIPPED)
        .order_by("-at")
        .values_list("reference", "at")
    )
    ordered = {
        "number": order.number,
        "day": _day(order.placed_at or order.created_at),
        "who": order.customer_name,
        "amount": spoken_amount(dispute.payment.captured, dispute.currency),
    }
    return [
        gettext("Order %(number)s of %(day)s by %(who)s, %(amount)s.") % ordered,
        *(
            gettext("Parcel %(parcel)s left on %(day)s for %(there)s.")
            % {"parcel": name, "day": _day(at), "there": ", ".join(there)}
            for name, at in sorted(parcels.items(), key=lambda one: one[1])
        ),
    ]


def _day(at: Any) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT")


def what_answering_does(dispute: Dispute) -> list[str]:
    """Say that it is final."""
    said = [gettext("The bank takes one answer. What you send is final; it may take weeks until it decides.")]
    if dispute.evidence_due_at and dispute.evidence_due_at < timezone.now():
        said.append(gettext("The day by which the bank takes evidence is over; the provider may refuse it."))
    return said
