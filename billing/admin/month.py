"""The page of a month of the books: what moved, what is still open, its files, and closing it."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing import services
from billing.ledger_words import account_name
from billing.models import BookExport, ClosedMonth, LegalEntity
from core import seat, sight
from core.admin.actors import actor_for
from core.admin.links import page_of
from core.admin.site import site
from core.errors import DomainError

VIEW, CLOSE, REOPEN = "billing.view_ledgertransaction", "billing.close_month", "billing.reopen_month"
EXPORT, NUMBERS = "billing.view_bookexport", "billing.view_datevprofile"
MONTHS = 7
EXPORTS = 5


class ReopenForm(forms.Form):
    """Why a closed month is opened again."""

    reason = forms.CharField(max_length=300, strip=True)


def month_page(request: HttpRequest) -> HttpResponse:
    """Show a month of a seller's books (GET), or close or reopen it (POST)."""
    chosen = chosen_month(request)
    if request.method == "POST" and request.POST.get("do") == "export":
        return _export(request, chosen)
    form = ReopenForm(request.POST if request.POST.get("do") == "reopen" else None)
    if request.method == "POST" and _do(request, chosen, form):
        return HttpResponseRedirect(_address(chosen))
    rows = services.movements(chosen)
    invoices, notes = services.drafts_of(chosen)
    last = ClosedMonth.objects.filter(entity=chosen.entity_id, reopened_at=None).order_by("-last_day").first()
    context = {
        **site.each_context(request),
        "title": _("Month of the books"),
        "name": _spoken(chosen.first_day),
        "months": [
            {"name": _spoken(one.first_day), "url": _address(one), "current": one == chosen}
            for one in _months(chosen.entity_id)
        ],
        "sellers": _sellers(chosen),
        "rows": [
            {"account": account_name(one.kind, one.detail), "currency": one.currency, "one": one} for one in rows
        ],
        "totals": _totals(rows),
        "invoices": invoices.count(),
        "notes": notes.count(),
        "closed": chosen.is_closed,
        "closing": last if last is not None and last.last_day >= chosen.last_day else None,
        "is_last": last is not None and last.last_day == chosen.last_day,
        "over": chosen.is_over,
        "may_close": request.user.has_perm(CLOSE),
        "may_reopen": request.user.has_perm(REOPEN),
        "form": form,
        "here": _address(chosen),
        **_files(request, chosen, rows),
    }
    return TemplateResponse(request, "billing/month.html", context)


def _do(request: HttpRequest, chosen: services.Month, form: ReopenForm) -> bool:
    """Close or reopen, as was asked. False where the form says what is missing."""
    asked = request.POST.get("do")
    if not request.user.has_perm(REOPEN if asked == "reopen" else CLOSE):
        raise PermissionDenied
    if asked == "reopen" and not form.is_valid():
        return False
    try:
        if asked == "reopen":
            services.reopen_month(chosen.entity_id, reason=form.cleaned_data["reason"], actor=actor_for(request))
            messages.success(request, _("The month is open again."))
        else:
            services.close_month(chosen, actor=actor_for(request))
            messages.success(request, _("The month is closed. Nothing is dated into it any more."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return True


def _export(request: HttpRequest, chosen: services.Month) -> HttpResponse:
    """Ask for the files of a month, and lead to the page that tells how far they are."""
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied
    owner: Any = request.user
    export = services.ask_for_export(
        chosen,
        owner=owner,
        with_papers="papers" in request.POST,
        language=get_language() or "en",
        actor=actor_for(request),
    )
    return HttpResponseRedirect(page_of(export))


def _files(request: HttpRequest, chosen: services.Month, rows: list[services.AccountOfMonth]) -> dict[str, Any]:
    """Return the latest files of a month, and what is missing for the accountant."""
    if not request.user.has_perm(EXPORT):
        return {"exports": None}
    found = BookExport.objects.filter(entity=chosen.entity_id, first_day=chosen.first_day).select_related("owner")
    numbers = services.Numbers(LegalEntity.objects.get(pk=chosen.entity_id))
    return {
        "exports": [{"export": one, "url": page_of(one)} for one in found.order_by("-pk")[:EXPORTS]],
        "has_numbers": numbers.profile is not None,
        "missing": [account_name(*one) for one in numbers.missing((one.kind, one.detail) for one in rows)],
        "numbers": f"{reverse('admin:billing_accounts')}?seller={chosen.entity_id}"
        if request.user.has_perm(NUMBERS)
        else "",
    }


def chosen_seller(request: HttpRequest) -> LegalEntity:
    """Return the seller that the address names, the one of new documents where it names none."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    if sight.limited_to("channel") is not None:
        # The books are those of the whole house.
        raise PermissionDenied
    sellers = LegalEntity.objects.order_by("-is_default", "pk")
    asked = request.GET.get("seller", "")
    seller = sellers.filter(pk=int(asked)).first() if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    return seller or sellers.first() or services.ensure_default_entity()


def chosen_month(request: HttpRequest) -> services.Month:
    """Return the month that the address names, the one before this where it names none that is."""
    seller = chosen_seller(request)
    before = (seat.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        first_day = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        first_day = before
    if not 1900 <= first_day.year <= 9998:
        first_day = before
    return services.Month(seller.pk, first_day)


def _months(entity_id: int) -> list[services.Month]:
    found, day = [], seat.today().replace(day=1)
    for _index in range(MONTHS):
        found.append(services.Month(entity_id, day))
        day = (day - timedelta(days=1)).replace(day=1)
    return found


def _spoken(day: date) -> str:
    return date_format(day, "YEAR_MONTH_FORMAT")


def _query(month: services.Month) -> str:
    return f"?month={month.first_day:%Y-%m}&seller={month.entity_id}"


def _address(month: services.Month) -> str:
    return f"{reverse('admin:billing_month')}{_query(month)}"


def _sellers(chosen: services.Month) -> list[dict[str, Any]]:
    sellers = list(LegalEntity.objects.order_by("-is_default", "pk"))
    return [
        {
            "name": one.name,
            "url": _address(services.Month(one.pk, chosen.first_day)),
            "current": one.pk == chosen.entity_id,
        }
        for one in (sellers if len(sellers) > 1 else [])
    ]


def _totals(rows: list[Any]) -> list[dict[str, Any]]:
    currencies = sorted({one.currency for one in rows})
    return [
        {
            "currency": currency,
            "debit": sum(one.debit for one in rows if one.currency == currency),
            "credit": sum(one.credit for one in rows if one.currency == currency),
        }
        for currency in currencies
    ]
