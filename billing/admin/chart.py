"""The numbers of the accounts at the accountant, for a seller: one page, saved as one."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import postings, services
from billing.chart import Number
from billing.ledger_words import account_name
from billing.models import DatevProfile, LegalEntity
from core.admin.actors import actor_for
from core.admin.site import site

from .month import chosen_seller

VIEW, CHANGE = "billing.view_datevprofile", "billing.change_datevprofile"
PROFILE = ("consultant", "client", "chart", "length", "year_begins", "per_customer")


class AccountsForm(forms.ModelForm):
    """How the accountant keeps the books, and a number and a tax key for each account of the ledger."""

    class Meta:
        model = DatevProfile
        fields = PROFILE
        help_texts = {
            "consultant": gettext_lazy("The accountant's number at DATEV (Beraternummer)."),
            "client": gettext_lazy("Your number with the accountant (Mandantennummer)."),
            "length": gettext_lazy("Accounts of customers have one more."),
            "per_customer": gettext_lazy(
                "Receivables are booked on the account of each customer: 1 and the customer's own number, with one "
                "digit more than other accounts. Otherwise all on one."
            ),
        }

    def __init__(self, *args: Any, entity: LegalEntity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = services.asked_accounts(entity)
        for one in self.asked:
            words = {"account": account_name(one.kind, one.detail)}
            number = forms.CharField(
                label=_("Number of %(account)s") % words,
                required=False,
                max_length=9,
                initial=one.said.number if one.said else "",
                widget=forms.TextInput(
                    attrs={"inputmode": "numeric", "size": 9, "placeholder": one.usual.number if one.usual else ""}
                ),
            )
            key = forms.CharField(
                label=_("Tax key of %(account)s") % words,
                required=False,
                max_length=4,
                initial=one.said.key if one.said else "",
                widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 4}),
            )
            self.fields[f"number:{one.name}"] = number
            if one.kind == postings.REVENUE:
                self.fields[f"key:{one.name}"] = key

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each account, with its fields."""
        return [
            {
                "name": account_name(one.kind, one.detail),
                "number": self[f"number:{one.name}"],
                "key": self[f"key:{one.name}"] if f"key:{one.name}" in self.fields else None,
                "missing": one.usual is None and not (one.said and one.said.number),
            }
            for one in self.asked
        ]

    @property
    def head(self) -> list[Any]:
        """Return the fields above the accounts."""
        return [self[name] for name in PROFILE]

    @property
    def said(self) -> dict[tuple[str, str], Number]:
        """Return what was said of each account."""
        return {
            (one.kind, one.detail): Number(
                self.cleaned_data.get(f"number:{one.name}", ""), self.cleaned_data.get(f"key:{one.name}", "")
            )
            for one in self.asked
        }

    def clean(self) -> dict[str, Any]:
        """Refuse what is no number of an account, or has another length than the accountant's."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        length = cleaned.get("length")
        for one in self.asked:
            number, key = cleaned.get(f"number:{one.name}", ""), cleaned.get(f"key:{one.name}", "")
            # What all customers owe may be kept on the account of one that stands for all.
            lengths = {length, length + 1} if length and one.kind == postings.RECEIVABLE else {length}
            if number and not (number.isascii() and number.isdigit()):
                self.add_error(f"number:{one.name}", _("A number has digits only."))
            elif number and length and len(number) not in lengths:
                self.add_error(f"number:{one.name}", _("It has to have %(length)s digits.") % {"length": length})
            if key and not (key.isascii() and key.isdigit()):
                self.add_error(f"key:{one.name}", _("A tax key has digits only."))
        return cleaned


def accounts_page(request: HttpRequest) -> HttpResponse:
    """Show the numbers of a seller's accounts (GET), or keep them (POST)."""
    seller = chosen_seller(request)
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    known = DatevProfile.objects.filter(entity=seller).first()
    may_change = request.user.has_perm(CHANGE)
    form = AccountsForm(request.POST or None, instance=known or DatevProfile(entity=seller), entity=seller)
    here = f"{reverse('admin:billing_accounts')}?seller={seller.pk}"
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid():
            profile = {name: form.cleaned_data[name] for name in PROFILE}
            services.keep_accounts(seller.pk, profile, form.said, actor=actor_for(request))
            messages.success(request, _("The accounts are kept. The next export uses them."))
            return HttpResponseRedirect(here)
    sellers = list(LegalEntity.objects.order_by("-is_default", "pk"))
    missing = Counter(row["missing"] for row in form.rows)[True]
    context = {
        **site.each_context(request),
        "title": _("Accounts for DATEV"),
        "seller": seller,
        "sellers": [
            {"name": one.name, "url": f"?seller={one.pk}", "current": one.pk == seller.pk}
            for one in (sellers if len(sellers) > 1 else [])
        ],
        "form": form,
        "here": here,
        "may_change": may_change,
        "is_new": known is None,
        "missing": missing,
    }
    return TemplateResponse(request, "billing/accounts.html", context)
