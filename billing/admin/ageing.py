"""What was owed on a day, by customer and by for how long: a page, and the same as a file."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from billing import ageing, services
from billing.models import LegalEntity
from billing.services.month_tables import Amount, Cells
from core import seat
from core.admin.files import save_as
from core.admin.links import may_see, page_of
from core.admin.site import site
from core.reader import spoken_date
from core.sight import may_open

from .month import chosen_seller

KINDS = services.FILE_KINDS
AT_ONCE = 1_000


def names() -> dict[str, str]:
    """Return what the buckets are called."""
    return {
        "not_due": _("Not due"),
        "to_30": _("1 to 30 days"),
        "to_60": _("31 to 60 days"),
        "to_90": _("61 to 90 days"),
        "over_90": _("More than 90 days"),
        "unassigned": _("Without an invoice"),
    }


def ageing_page(request: HttpRequest) -> HttpResponse:
    """Show what was owed at the end of a day; today's where the address names none."""
    seller = chosen_seller(request)
    day = day_of(request.GET.get("day", ""), seat.today())
    currencies = ageing.currencies_of(seller.pk)
    currency = request.GET.get("currency", "")
    currency = currency if currency in currencies else (currencies or ["EUR"])[0]
    if (kind := request.GET.get("as", "")) in KINDS:
        return _file(kind, seller, currency, day)
    number = request.GET.get("page", "")
    start = (int(number) - 1) * ageing.PER_PAGE if number.isascii() and number.isdigit() and 0 < len(number) < 7 else 0
    found = ageing.rows(seller.pk, currency, day, start=max(0, start), limit=ageing.PER_PAGE + 1)
    total = ageing.totals(seller.pk, currency, day)
    query = {"seller": seller.pk, "currency": currency, "day": f"{day:%Y-%m-%d}"}
    page = start // ageing.PER_PAGE + 1
    context = {
        **site.each_context(request),
        "title": _("Ageing"),
        "day": day,
        "spoken_day": spoken_date(day),
        "currency": currency,
        "seller": seller,
        "currencies": [
            {"name": one, "url": _link(query, currency=one), "current": one == currency} for one in currencies
        ],
        "sellers": _sellers(seller, query),
        "columns": list(names().values()),
        "rows": [_shown(request, one, query) for one in found[: ageing.PER_PAGE]],
        "total": total,
        "amounts": [(said, total.amounts[name]) for name, said in names().items()],
        "files": {kind: _link(query, **{"as": kind}) for kind in KINDS},
        "next": _link(query, page=page + 1) if len(found) > ageing.PER_PAGE else "",
        "before": _link(query, page=page - 1) if page > 1 else "",
    }
    return TemplateResponse(request, "billing/ageing.html", context)


def day_of(text: str, otherwise: date) -> date:
    """Return the day that an address names, or another where it names none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 1900 <= found.year <= 9998 else otherwise


def _link(query: dict[str, Any], **more: Any) -> str:
    return f"{reverse('admin:billing_ageing')}?{urlencode({**query, **more})}"


def _sellers(chosen: LegalEntity, query: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(LegalEntity.objects.order_by("-is_default", "pk"))
    return [
        {"name": one.name, "url": _link({"day": query["day"]}, seller=one.pk), "current": one.pk == chosen.pk}
        for one in (found if len(found) > 1 else [])
    ]


def _shown(request: HttpRequest, row: ageing.Aged, query: dict[str, Any]) -> dict[str, Any]:
    customer = row.customer
    period = {"seller": query["seller"], "currency": query["currency"], "to": query["day"]}
    return {
        "name": str(customer) if customer else _("Guests"),
        "number": customer.number if customer else "",
        "url": page_of(customer) if customer and may_see(request.user, customer) else "",
        "statement": f"{reverse('admin:billing_statement', args=[customer.pk])}?{urlencode(period)}"
        if customer and may_open(request.user, "customers.customer")
        else "",
        "amounts": [(said, row.amounts[name]) for name, said in names().items()],
        "total": row.total,
    }


def _file(kind: str, seller: LegalEntity, currency: str, day: date) -> HttpResponse:
    heading = [_("Customer"), _("Name"), *names().values(), _("Total"), _("Currency")]
    rows = _rows(seller.pk, currency, day)
    content = services.as_file(kind, "ageing", _("Ageing"), heading, rows)
    return save_as(content, f"ageing-{day:%Y-%m-%d}-{currency}.{kind}", KINDS[kind])


def _rows(entity_id: int, currency: str, day: date) -> Iterator[Cells]:
    start = 0
    while found := ageing.rows(entity_id, currency, day, start=start, limit=AT_ONCE):
        for one in found:
            customer = one.customer
            figures = [Amount(one.amounts[name], currency) for name in ageing.BUCKETS]
            said = (str(customer.number), str(customer)) if customer else ("", _("Guests"))
            yield *said, *figures, Amount(one.total, currency), currency
        start += len(found)
