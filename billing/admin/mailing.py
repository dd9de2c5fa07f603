"""Issued documents go out by mail once more, from their pages and from their lists."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote, Invoice
from core.admin.bulk import BulkSpec
from core.admin.transitions import TransitionSpec

OPERATE = "billing.operate_payment"
Document = Invoice | CreditNote


class MailForm(forms.Form):
    """Where a document goes. The page names its wish: pressed twice, it is sent once."""

    to = forms.EmailField(label=_("To"), max_length=254)
    asked = forms.UUIDField(widget=forms.HiddenInput)


def _what_mailing_does(document: Document) -> list[str]:
    told = [gettext("%(name)s.pdf goes out as it was printed, with the XML in it.") % {"name": document.number}]
    if not document.has_xml:
        told = [gettext("%(name)s.pdf goes out as it was printed.") % {"name": document.number}]
    return [
        *told,
        gettext("Another address than the customer's gets no link to the page of the order."),
        gettext("The history says who sent it, when and to whom."),
    ]


def mail_spec(service: Callable[..., Any]) -> TransitionSpec:
    """Return the step that mails a document to an address."""
    return TransitionSpec(
        _("Send by mail"),
        service,
        OPERATE,
        form=MailForm,
        initial=lambda document: {"to": document.order.email, "asked": str(uuid4())},
        arguments=lambda document, said: {"to": said["to"], "asked": str(said["asked"])},
        consequences=_what_mailing_does,
        when=lambda document: document.number is not None,
        icon="mail",
        done=_("It goes out in a moment."),
    )


def mail_many_spec(service: Callable[..., Any]) -> BulkSpec:
    """Return the step that mails documents to their customers."""
    return BulkSpec(
        _("Send by mail"),
        service,
        OPERATE,
        consequences=lambda count: [
            ngettext(
                "It goes to its customer as it was printed.",
                "Each goes to its customer as it was printed, in a mail of its own.",
                count,
            ),
            gettext("What has no number yet, or no customer with an address, is left out with the reason."),
        ],
    )
