"""The trial balance of a seller: a page, and the same as a file."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing import services, trial_balance
from billing.models import LegalEntity
from billing.services.month_tables import Amount, Cells
from core.admin.files import save_as
from core.admin.site import site
from core.reader import spoken_date

from .ageing import day_of
from .month import chosen_seller


def trial_balance_page(request: HttpRequest) -> HttpResponse:
    """Show the accounts of a seller in a period; this year so far where the address names none."""
    seller = chosen_seller(request)
    currencies = trial_balance.currencies_of(seller.pk)
    currency = request.GET.get("currency", "")
    currency = currency if currency in currencies else _usual(currencies)
    usual = trial_balance.usual_period()
    last = day_of(request.GET.get("to", ""), usual[1])
    first = min(last, day_of(request.GET.get("from", ""), min(usual[0], last.replace(month=1, day=1))))
    found = trial_balance.rows(seller.pk, currency, first, last)
    numbers = services.Numbers(seller)
    kind = request.GET.get("as", "")
    if kind in services.FILE_KINDS:
        return _file(kind, numbers, found, currency, last)
    query: dict[str, Any] = {"seller": seller.pk, "currency": currency, "from": f"{first}", "to": f"{last}"}
    context = {
        **site.each_context(request),
        "title": _("Trial balance"),
        "seller": seller,
        "currency": currency,
        "first": first,
        "last": last,
        "before": spoken_date(first - timedelta(days=1)),
        "after": spoken_date(last),
        "currencies": [
            {"name": one, "url": _link(query, currency=one), "current": one == currency} for one in currencies
        ],
        "sellers": _sellers(seller, query),
        "rows": [{"row": one, "number": _number(numbers, one), "url": _journal(one, first, last)} for one in found],
        "has_numbers": numbers.profile is not None,
        "totals": trial_balance.totals(found),
        "files": {kind: _link(query, **{"as": kind}) for kind in services.FILE_KINDS},
    }
    return TemplateResponse(request, "billing/trial_balance.html", context)


def _usual(currencies: list[str]) -> str:
    return "EUR" if "EUR" in currencies or not currencies else currencies[0]


def _link(query: dict[str, Any], **more: Any) -> str:
    return f"{reverse('admin:billing_trial_balance')}?{urlencode({**query, **more})}"


def _sellers(chosen: LegalEntity, query: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(LegalEntity.objects.order_by("-is_default", "pk"))
    period = {name: query[name] for name in ("from", "to")}
    return [
        {"name": one.name, "url": _link(period, seller=one.pk), "current": one.pk == chosen.pk}
        for one in (found if len(found) > 1 else [])
    ]


def _journal(row: trial_balance.Row, first: date, last: date) -> str:
    """Return the address of what was written on an account in the period."""
    period = {"booked_on__gte": f"{first}", "booked_on__lt": f"{last + timedelta(days=1)}"}
    query = urlencode({"account": f"{row.account_id}", **period})
    return f"{reverse('admin:billing_ledgertransaction_changelist')}?{query}"


def _number(numbers: services.Numbers, row: trial_balance.Row) -> str:
    number = numbers.of(row.kind, row.detail) if numbers.profile else None
    return number.number if number else ""


def _file(
    kind: str, numbers: services.Numbers, found: list[trial_balance.Row], currency: str, last: date
) -> HttpResponse:
    heading = [
        _("Account"),
        _("Number"),
        _("Opening balance"),
        _("Debit"),
        pgettext("ledger side", "Credit"),
        _("Closing balance"),
        _("Currency"),
    ]
    content = services.as_file(kind, "trial-balance", _("Trial balance"), heading, _cells(numbers, found, currency))
    return save_as(content, f"trial-balance-{last:%Y-%m-%d}-{currency}.{kind}", services.FILE_KINDS[kind])


def _cells(numbers: services.Numbers, found: list[trial_balance.Row], currency: str) -> Iterator[Cells]:
    for one in found:
        figures = [Amount(sum_, currency) for sum_ in (one.opening, one.debit, one.credit, one.closing)]
        yield one.name, _number(numbers, one), *figures, currency
