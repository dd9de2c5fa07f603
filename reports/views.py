"""The manager's first page, its CSV files, and the flow chart."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.admin.links import may_see
from core.admin.site import site
from core.csvfile import csv_response
from core.money import Money
from core.reader import locale
from reports import charts, flow, measures
from reports.forms import PeriodForm, default_period
from reports.measures import Period

TOP = 20
CSV_ROWS = 10_000
# A chart of more days shows only those on which something was sold.
MOST_DAYS = 400
VIEW = "orders.view_order"


def period_of(request: HttpRequest) -> tuple[Period, PeriodForm]:
    """Read the period from the address; a bad one is explained and the usual one shown."""
    usual = default_period()
    form = PeriodForm(request.GET if "first" in request.GET or "last" in request.GET else None)
    if form.is_bound and form.is_valid():
        return Period(form.cleaned_data["first"], form.cleaned_data["last"]), form
    if not form.is_bound:
        form = PeriodForm(initial={"first": usual.first, "last": usual.last})
    return usual, form


def _chart(rows: list[dict[str, Any]], currency: str, period: Period) -> str:
    """Draw the revenue of every day of a period, also of those on which nothing was sold."""
    sold = {row["period"]: row["net"] for row in rows if row["currency"] == currency}
    length = (period.last - period.first).days + 1
    days = [period.first + timedelta(days=n) for n in range(length)] if length <= MOST_DAYS else list(sold)
    series = [
        charts.Bar(
            format_date(day, "d MMM", locale=locale()),
            sold.get(day, Decimal(0)),
            Money(sold.get(day, Decimal(0)), currency).format(str(locale())),
        )
        for day in days
    ]
    title = _("Net revenue per day")
    return charts.bars(series, f"{title} ({currency})")


@require_GET
@site.admin_view
@permission_required(VIEW, raise_exception=True)
def figures(request: HttpRequest) -> HttpResponse:
    """Show where orders stand, what is late or held, what was sold, and to whom."""
    period, form = period_of(request)
    days = measures.revenue(period, "day")
    months = measures.revenue(period, "month")
    sums = measures.totals(days)
    context = {
        **site.each_context(request),
        "title": _("Figures"),
        "form": form,
        "period": period,
        "query": f"first={period.first.isoformat()}&last={period.last.isoformat()}",
        "stages": [
            stage | {"url": f"{reverse('admin:orders_order_changelist')}?status__exact={stage['status']}"}
            for stage in measures.orders_by_stage()
        ],
        "late": measures.late_orders().count(),
        "on_hold": measures.orders_on_hold().count(),
        "sums": sums,
        "charts": [(one["currency"], _chart(days, one["currency"], period)) for one in sums],
        "months": months,
        "products": measures.top_products(period, TOP),
        "customers": measures.top_customers(period, TOP),
    }
    return TemplateResponse(request, "reports/figures.html", context)


@require_GET
@site.admin_view
@permission_required(VIEW, raise_exception=True)
def download(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out one table of the page as CSV, with the same figures."""
    period, _form = period_of(request)
    tables = {
        "stages": lambda: measures.orders_by_stage(),
        "late": lambda: _order_rows(measures.late_orders()),
        "on-hold": lambda: _order_rows(measures.orders_on_hold()),
        "days": lambda: measures.revenue(period, "day"),
        "months": lambda: measures.revenue(period, "month"),
        "products": lambda: measures.top_products(period, CSV_ROWS),
        "customers": lambda: measures.top_customers(period, CSV_ROWS),
    }
    if name not in tables:
        raise Http404
    rows = tables[name]()
    heading = [key for key in (rows[0] if rows else {}) if key != "customer_id"]
    span = "" if name in ("stages", "late", "on-hold") else f"-{period.first}-{period.last}"
    return csv_response(f"{name}{span}", heading, ([_plain(row[key]) for key in heading] for row in rows))


def _order_rows(found: Any) -> list[dict[str, Any]]:
    names = (
        "number",
        "status",
        "customer_name",
        "placed_at",
        "ship_by_on",
        "promised_on",
        "hold_reason",
        "currency",
        "total",
    )
    return list(found.order_by("pk").values(*names)[:CSV_ROWS])


def _plain(value: object) -> object:
    """Write amounts without the zeros that a column pads them with."""
    return value if value is not None else ""


@require_GET
@site.admin_view
@permission_required(VIEW, raise_exception=True)
def flow_chart(request: HttpRequest) -> HttpResponse:
    """Draw how an order flows, with how many are where right now."""
    steps = flow.steps_with_counts()
    context = {
        **site.each_context(request),
        "title": _("How an order flows"),
        "steps": steps,
        "open": {one.step.number for one in steps if may_see(request.user, one.step.queue().model)},
        "drawing": flow.draw_order_machine(),
        "machines": [(machine, flow.transitions_of(machine)) for machine in flow.MACHINES],
    }
    return TemplateResponse(request, "reports/flow.html", context)
