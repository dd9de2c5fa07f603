"""The flow map: how long each step takes now against the quarter before, and the orders behind a step."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from core.admin.site import site
from inventory.models import RoutingRuleSet
from reports import pace
from reports.pace import EDGES, EVERYWHERE, Edge, Measured, Pace

VIEW = "orders.view_order"
PER_PAGE = 50
MOST_DRAFTS = 5
# What another warehouse could do as well.
IN_THE_HOUSE = ("released-picked", "picked-packed", "packed-shipped")
MINUTES, HOURS = 100 * 60, 48 * 3600


def spoken_span(seconds: float | None) -> str:
    """Say how long something took, as one says it: 45 min, 19 h, 2.5 days."""
    if seconds is None:
        return "–"
    if seconds < MINUTES:
        return _("%(n)s min") % {"n": round(seconds / 60)}
    if seconds < HOURS:
        return _("%(n)s h") % {"n": round(seconds / 3600)}
    days = round(seconds / 86400, 1)
    return ngettext("%(n)s day", "%(n)s days", 1 if days == 1 else 2) % {"n": number_format(days, 1)}


def told(one: Pace) -> dict[str, Any]:
    """Return a pace in words, with a sign that needs no color."""
    tone, said = "neutral", ""
    if one.is_slow and one.before is not None and one.now is not None:
        tone = "bad"
        said = _("%(n)s times as long") % {"n": number_format(one.now / one.before, 1)} if one.before else _("slower")
    elif one.is_quick:
        tone, said = "good", _("quicker than before")
    elif not one.is_judged:
        said = _("too few to say")
    return {
        "now": spoken_span(one.now),
        "before": spoken_span(one.before),
        "count": one.count,
        "tone": tone,
        "said": said,
    }


def _place_of(request: HttpRequest, measured: Measured) -> int:
    """Return the warehouse that was chosen; one that nobody knows is all of them."""
    asked = request.GET.get("warehouse", "")
    chosen = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else EVERYWHERE
    return chosen if chosen in measured.places else EVERYWHERE


def _address(edge: Edge, place: int) -> str:
    url = reverse("reports:pace-edge", args=[edge.code])
    return f"{url}?warehouse={place}" if place else url


def _row(edge: Edge, place: int, measured: Measured) -> dict[str, Any]:
    words = {"from": edge.source, "to": edge.target}
    label = _("%(from)s → %(to)s") % words
    return {"edge": edge, "label": label, "url": _address(edge, place), **told(measured.of(place, edge))}


@require_GET
@site.admin_view
@permission_required(VIEW, raise_exception=True)
def flow_map(request: HttpRequest) -> HttpResponse:
    """Draw the way of an order with the time each step takes, and the same as a table for every warehouse."""
    measured = pace.measure()
    chosen = _place_of(request, measured)
    places = [(EVERYWHERE, _("All warehouses")), *measured.places.items()]
    rows = [_row(edge, chosen, measured) for edge in EDGES]
    context = {
        **site.each_context(request),
        "title": _("Flow map"),
        "tabs": [(name, f"?warehouse={place}" if place else "?", place == chosen) for place, name in places],
        "stations": [name for _code, _field, name in pace.STATIONS],
        "edges": rows,
        "slow": [row for row in rows if row["tone"] == "bad"],
        "names": [name for _place, name in places],
        "table": [
            (edge_row["label"], [_row(edge, place, measured) for place, _name in places])
            for edge, edge_row in zip(EDGES, rows, strict=True)
        ],
    }
    return TemplateResponse(request, "reports/pace.html", context)


@require_GET
@site.admin_view
@permission_required(VIEW, raise_exception=True)
def behind_an_edge(request: HttpRequest, code: str) -> HttpResponse:
    """List the orders behind a step, what took longest first, and what might help."""
    edge = pace.EDGE.get(code)
    if edge is None:
        raise Http404
    measured = pace.measure()
    chosen = _place_of(request, measured)
    row = _row(edge, chosen, measured)
    page = Paginator(pace.passages(edge, warehouse_id=chosen), PER_PAGE).get_page(request.GET.get("page"))
    place = measured.places.get(chosen, _("All warehouses"))
    context = {
        **site.each_context(request),
        "title": f"{row['label']} · {place}",
        "row": row,
        "edge": edge,
        "chosen": chosen,
        "page": page,
        "passages": [(one, spoken_span(one.seconds)) for one in page.object_list],
        "drafts": _drafts(request) if code in IN_THE_HOUSE else [],
        "back": f"{reverse('reports:pace')}?warehouse={chosen}" if chosen else reverse("reports:pace"),
    }
    return TemplateResponse(request, "reports/pace_edge.html", context)


def _drafts(request: HttpRequest) -> list[tuple[RoutingRuleSet, str]]:
    """Return the rules that wait, each with the way to ask what they would have done."""
    if not request.user.has_perm("inventory.view_routingruleset"):
        return []
    rows = RoutingRuleSet.objects.filter(status=RoutingRuleSet.Status.DRAFT).order_by("-pk")[:MOST_DRAFTS]
    return [(one, reverse("admin:inventory_routingruleset_do", args=[one.pk, "replay"])) for one in rows]
