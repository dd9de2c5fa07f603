"""An order is edited on one page: what it would do is shown beside it, and what is shown is what is applied."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.admin.actors import actor_for
from core.admin.links import page_of
from core.admin.site import site
from core.countries import country_choices
from core.errors import DomainError
from core.reader import locale, retold
from core.sight import seen
from desk.editing import ADDRESSES, Typed, begin, control_of, label_of, onto, typed_by, wish_of
from desk.reading import POSTAL
from desk.telling_edit import told_edit, told_lines
from desk.views.gate import staff_with
from orders import services
from orders.changing import ChangePreview
from orders.errors import StaleOrder
from orders.models import Order, OrderChange
from orders.price_words import used_up
from orders.selectors import WAITING
from orders.wishes import Wish
from pricing import services as pricing

EDIT = ("orders.view_order", "orders.change_order")
CHANGE_PRICE = "orders.change_price"


def _order(number: str) -> Order:
    rows = seen(Order.objects.select_related("channel", "customer", "shipping_method"))
    order = rows.filter(number=number.strip().upper()).first()
    if order is None:
        raise Http404
    return order


@staff_with(*EDIT)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show what is agreed (GET), or change it (POST): what is refused stands beside its field, with what was typed."""
    order = _order(number)
    agreed = services.agreed_now(order)
    if request.method != "POST":
        typed = begin(agreed, order.version)
        return _page(request, order, typed, _previewed(request, order, typed, Wish()))
    typed = typed_by(request, agreed, order.version)
    wish = _wish(request, typed)
    differences: list[dict[str, str]] = []
    if "apply" in request.POST and not typed.errors:
        try:
            change = services.amend_order(
                order.pk,
                wish,
                expected_version=typed.version,
                reason=typed.reason,
                tell_customer=typed.tell,
                actor=actor_for(request),
            )
        except StaleOrder:
            order = _order(number)
            differences = onto(typed, services.agreed_now(order), order.version)
            wish = _wish(request, typed)
        except DomainError as refused:
            _note(typed, refused)
        else:
            messages.success(request, _said(order, change))
            # The last use may have gone to somebody else since the page said otherwise.
            for text in used_up(_order(number)):
                messages.warning(request, text)
            return HttpResponseRedirect(page_of(order))
    shown = _previewed(request, order, typed, wish)
    return _page(request, order, typed, shown, differences=differences, status=409 if typed.errors else 200)


@staff_with(*EDIT)
@require_POST
def preview(request: HttpRequest, number: str) -> HttpResponse:
    """Say what an edit would do, as it stands on the page now."""
    order = _order(number)
    typed = typed_by(request, services.agreed_now(order), order.version)
    shown = _previewed(request, order, typed, _wish(request, typed))
    told = told_edit(shown, order)
    html = render_to_string("desk/parts/edit_preview.html", {"told": told, "order": order}, request)
    return JsonResponse(
        {"html": html, "lines": told_lines(shown), "errors": typed.errors, "button": told["button"]}
        | {"lacking": lacking(shown)}
    )


def _wish(request: HttpRequest, typed: Typed) -> Wish:
    return wish_of(typed, may_price=request.user.has_perm(CHANGE_PRICE))


def _previewed(request: HttpRequest, order: Order, typed: Typed, wish: Wish) -> ChangePreview:
    """Return what the edit would do; what speaks against it is beside its control on the page afterwards."""
    shown = services.preview_change(order.pk, wish, actor=actor_for(request))
    for one in shown.refusals:
        typed.wrong(control_of(one["pointer"], one.get("position", "")), retold(one["detail"]))
    return shown


def _note(typed: Typed, refused: DomainError) -> None:
    for one in refused.errors:
        typed.wrong(control_of(one["pointer"], one.get("position", "")), retold(one["detail"]))
    if not refused.errors:
        typed.wrong("", retold(refused.message))


def _said(order: Order, change: OrderChange) -> str:
    words = {"order": order.number, "change": change.number}
    if change.status == OrderChange.Status.REQUESTED:
        return _("%(change)s waits for approval; %(order)s stays as it is until then.") % words
    return _("%(order)s is changed.") % words


def _page(
    request: HttpRequest,
    order: Order,
    typed: Typed,
    shown: ChangePreview,
    *,
    differences: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    user: Any = request.user
    told = told_edit(shown, order)
    lines = told_lines(shown)
    country = typed.said["ship-country"] or order.channel.seller_country
    context = {
        **site.each_context(request),
        "title": _("Edit %(order)s") % {"order": order.number},
        "order": order,
        "back": page_of(order),
        "typed": typed,
        "was": json.dumps(typed.was),
        "lines": [_line(one, typed, lines, shown) for one in typed.was["lines"]],
        "added": [
            {
                **row,
                "control": f"a-{index}",
                "told": lines.get(f"a-{index}"),
                "errors": typed.errors.get(f"a-{index}"),
                "lacks": bool(row["wait"]) or f"a-{index}" in lacking(shown),
            }
            for index, row in enumerate(typed.added)
        ],
        "blank": {"sku": "", "name": "", "quantity": "1", "price": "", "control": "", "told": None, "errors": ()},
        "addresses": [_address(short, typed) for short in ADDRESSES],
        "countries": country_choices(str(locale())),
        "methods": _methods(order, typed, country),
        "may_price": user.has_perm(CHANGE_PRICE),
        "told": told,
        "differences": differences or [],
        "general": typed.errors.get("", []),
        "is_closed": order.status not in WAITING,
        "waiting": OrderChange.objects.filter(order=order, status=OrderChange.Status.REQUESTED).first(),
    }
    return TemplateResponse(request, "desk/edit_order.html", context, status=409 if differences else status)


def _methods(order: Order, typed: Typed, country: str) -> list[dict[str, str]]:
    """Return the ways there are, with the one that is agreed: where it is not offered any more it stays chosen."""
    agreed, language = typed.was["shipping_method"], str(locale())
    offered = pricing.shipping_methods(country, order.currency)
    found = [{"code": one.code, "label": one.name_in(language)} for one in offered]
    if any(one["code"] == agreed for one in found):
        return found
    mine = order.shipping_method
    label = mine.name_in(language) if mine is not None and mine.code == agreed else agreed
    return [{"code": agreed, "label": label or "–"}, *found]


def _line(line: dict[str, Any], typed: Typed, told: dict[str, dict[str, str]], shown: ChangePreview) -> dict[str, Any]:
    position = line["position"]
    names = [f"{kind}-{position}" for kind in "qpw"]
    errors = [*typed.errors.get(names[0], []), *typed.errors.get(names[1], [])]
    return {
        **line,
        "control": names[0],
        "typed_quantity": typed.said[names[0]],
        "typed_price": typed.said[names[1]],
        "wait": typed.said[names[2]],
        "fewest": shown.fewest.get(position, 0),
        "told": told.get(names[0]),
        "errors": errors,
        "lacks": bool(typed.said[names[2]]) or names[0] in lacking(shown),
    }


def lacking(shown: ChangePreview) -> list[str]:
    """Return the controls of lines of which not enough is there: somebody may let them wait."""
    return [
        control_of(one["pointer"], one.get("position", ""))
        for one in shown.refusals
        if one["code"] == "insufficient_stock"
    ]


def _address(short: str, typed: Typed) -> dict[str, Any]:
    return {
        "name": short,
        "parts": [
            {
                "name": part,
                "control": f"{short}-{part}",
                "label": label_of(f"{short}-{part}").rpartition(" · ")[2],
                "value": typed.said[f"{short}-{part}"],
                "errors": typed.errors.get(f"{short}-{part}", []),
            }
            for part in POSTAL
        ],
        "is_open": short == "ship" or any(name.startswith(f"{short}-") for name in [*typed.mine, *typed.errors]),
    }
