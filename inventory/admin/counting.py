"""Walking a sheet: scan, type how many lie there, and only then see what the books say; or the same on paper."""

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core.admin.actors import actor_for
from core.admin.site import BackOffice, site
from core.errors import DomainError
from core.sight import seen
from inventory import selectors, services
from inventory.models import StockCount, StockCountLine
from inventory.papers import codes_of

from .counts import COUNT
from .scanning import staff_with

FIELD, FIGURE = re.compile(r"counted-([0-9]{1,18})"), re.compile(r"[0-9]{1,9}")


@staff_with(COUNT)
def enter(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sheet to be counted (GET), or keep figures (POST): one at a time by script, or all of them."""
    count = _sheet(number)
    if count.status != StockCount.Status.OPEN:
        return HttpResponseRedirect(_page_of(count))
    if request.method != "POST":
        return _page(request, count, {}, "")
    sent = {
        int(found[1]): str(value).strip() for name, value in request.POST.items() if (found := FIELD.fullmatch(name))
    }
    wrong = sorted(line for line, typed in sent.items() if typed and not FIGURE.fullmatch(typed))
    fault = _("A count is a whole number, 0 or more.") if wrong else ""
    if not wrong:
        try:
            said = {line: int(typed) for line, typed in sent.items() if typed}
            services.enter_counts(count.pk, said, actor=actor_for(request))
        except DomainError as error:
            fault = error.message
    if request.headers.get("Accept", "") == "application/json":
        return _told(count, list(sent), fault)
    if fault:
        return _page(request, count, sent, fault)
    messages.success(request, _("The figures are kept."))
    return HttpResponseRedirect(_page_of(count))


@staff_with(COUNT)
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sheet as it is printed: without what the books say."""
    count = _sheet(number)
    context = {
        **site.each_context(request),
        "title": count.number,
        "count": count,
        "lines": list(selectors.lines_of_count(count)),
    }
    return TemplateResponse(request, "inventory/count_sheet.html", context)


def _sheet(number: str) -> StockCount:
    found = seen(selectors.counts()).filter(number=number.replace("\0", "").upper()).first()
    if found is None:
        raise Http404
    return found


def _page_of(count: StockCount) -> str:
    return reverse("admin:inventory_stockcount_change", args=[count.pk])


def _told(count: StockCount, line_ids: list[int], fault: str) -> HttpResponse:
    """Answer the script: what differs is known only once it is counted."""
    if fault:
        return JsonResponse({"error": fault}, status=409)
    lines = count.lines.filter(pk__in=line_ids, counted__isnull=False)
    left = count.lines.filter(counted__isnull=True).count()
    return JsonResponse({"differences": {line.pk: _spoken(line) for line in lines}, "left": left})


def _spoken(line: StockCountLine) -> str:
    """Say what differs."""
    units = line.difference or 0
    return _("as in the books") if not units else f"{units:+d}".replace("-", "−")


def _page(request: HttpRequest, count: StockCount, sent: dict[int, str], fault: str) -> HttpResponse:
    lines = list(selectors.lines_of_count(count))
    codes: dict[str, int] = {}
    bins: dict[str, int] = {}
    for line in lines:
        for code in codes_of(line.stock_item.product):
            codes.setdefault(code, line.pk)
        if line.stock_item.bin:
            bins.setdefault(line.stock_item.bin.upper(), line.pk)
    rows = [
        (line, sent.get(line.pk, "" if line.counted is None else line.counted),
         "" if line.counted is None else _spoken(line))
        for line in lines
    ]  # fmt: skip
    context = {
        **site.each_context(request),
        "title": count.number,
        "count": count,
        "fault": fault,
        "rows": rows,
        "scanned": {"codes": codes, "shelves": bins},
        "done": count.done,  # type: ignore[attr-defined]
    }
    return TemplateResponse(request, "inventory/count_enter.html", context, status=409 if fault else 200)


def urls(admin_site: Any) -> list[Any]:
    """Return the addresses of a sheet."""
    return [
        path("counts/<str:number>/", enter, name="count_enter"),
        path("counts/<str:number>/sheet/", sheet, name="count_sheet"),
    ]


BackOffice.more_urls.append(urls)
