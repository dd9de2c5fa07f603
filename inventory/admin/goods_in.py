"""Goods in: scan the paper, scan what is here, put it away; one page, one booking, safe to send twice."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.actors import actor_for
from core.admin.forms import KEY, show_refusal
from core.admin.site import BackOffice, site
from core.errors import DomainError
from core.spoken_json import storable
from inventory import services
from inventory.errors import AlreadyBooked, ReceiptClosed, TransferMoved
from inventory.models import ExpectedReceipt
from inventory.papers import (
    Due,
    Paper,
    coming_transfers,
    everything_due,
    find_papers,
    open_receipts,
    paper_of,
    paper_of_transfer,
)

from .scanning import CountedForm, staff_with

RECEIVE = "inventory.change_expectedreceipt"
LONGEST_CODE = 60


@staff_with(RECEIVE)
def goods_in(request: HttpRequest) -> HttpResponse:
    """Show what is due; a scanned purchase order, or a product that is on its way, opens its paper."""
    typed = storable(request.GET.get("q", ""))[:LONGEST_CODE].strip()
    found = find_papers(typed) if typed else []
    if len(found) == 1:
        return HttpResponseRedirect(address_of(found[0]))
    context = {
        **site.each_context(request),
        "title": _("Goods in"),
        "typed": typed,
        "unknown": bool(typed) and not found,
        "papers": [(due, address_of(due)) for due in found or everything_due()],
        "narrowed": bool(found),
    }
    return TemplateResponse(request, "inventory/goods_in.html", context)


def address_of(due: Due) -> str:
    """Return where a paper is received."""
    if due.sender:
        return transfer_at(due.reference)
    return _address(due.reference, due.warehouse, due.receipt_id)


def transfer_at(number: str) -> str:
    """Return where a transfer is received."""
    return f"{reverse('admin:goods_in_paper')}?{urlencode({'transfer': number})}"


def scanned_at(receipt: ExpectedReceipt) -> str:
    """Return where the paper of a receipt is received."""
    return _address(receipt.reference, receipt.warehouse.code, receipt.pk)


def _address(reference: str, warehouse: str, receipt_id: int) -> str:
    said: dict[str, Any] = {"paper": reference, "at": warehouse} if reference else {"receipt": receipt_id}
    return f"{reverse('admin:goods_in_paper')}?{urlencode(said)}"


@staff_with(RECEIVE)
def receive(request: HttpRequest) -> HttpResponse:
    """Show one paper (GET), or book what is here of it (POST)."""
    paper = _paper(request)
    if paper is None:
        messages.info(request, _("Nothing more is expected of this paper."))
        return HttpResponseRedirect(reverse("admin:goods_in"))
    form = CountedForm(
        request.POST or None,
        lines=paper.lines,
        may_be_lost=paper.transfer_id is not None,
        initial={"token": uuid.uuid4().hex},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _book(request, paper, form)
        except AlreadyBooked as repeat:
            if repeat.details["same"]:
                return _booked(request, paper, form)
            form.data = {**form.data.dict(), "token": uuid.uuid4().hex}  # type: ignore[attr-defined]
            form.add_error(None, _("The booking before was done. This would be another one: look at the figures."))
        except (ReceiptClosed, TransferMoved):
            messages.info(request, _("Nothing more is expected of this paper."))
            return HttpResponseRedirect(reverse("admin:goods_in"))
        except DomainError as error:
            show_refusal(form, error)
        else:
            return _booked(request, paper, form)
    return _page(request, paper, form)


def _paper(request: HttpRequest) -> Paper | None:
    if number := storable(request.GET.get("transfer", "")):
        return paper_of_transfer(number[:LONGEST_CODE])
    receipt = request.GET.get("receipt", "")
    return paper_of(
        reference=storable(request.GET.get("paper", ""))[:LONGEST_CODE],
        warehouse=storable(request.GET.get("at", ""))[:LONGEST_CODE],
        receipt_id=int(receipt) if KEY.fullmatch(receipt) else None,
    )


def _book(request: HttpRequest, paper: Paper, form: CountedForm) -> None:
    said: dict[str, Any] = {
        "units": form.units(),
        "bins": form.bins(),
        "close": form.cleaned_data["close"],
        "token": form.cleaned_data["token"],
        "actor": actor_for(request),
    }
    if paper.transfer_id is not None:
        services.receive_transfer(paper.transfer_id, reason=form.cleaned_data["reason"], **said)
    else:
        services.receive_paper(paper.receipt_ids, **said)


def _booked(request: HttpRequest, paper: Paper, form: CountedForm) -> HttpResponse:
    units = sum(form.units().values())
    said = ngettext(
        "%(n)s unit is on the shelf of %(place)s.", "%(n)s units are on the shelf of %(place)s.", units
    ) % {"n": units, "place": paper.warehouse.name}  # fmt: skip
    messages.success(request, said if units else _("Nothing more is expected of this paper."))
    if paper.transfer_id is not None:
        is_open, again = coming_transfers().filter(pk=paper.transfer_id).exists(), transfer_at(paper.reference)
    else:
        is_open = open_receipts().filter(pk__in=paper.receipt_ids).exists() or bool(paper.later)
        again = _address(paper.reference, paper.warehouse.code, paper.receipt_ids[0])
    return HttpResponseRedirect(again if is_open else reverse("admin:goods_in"))


def _page(request: HttpRequest, paper: Paper, form: CountedForm) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": paper.reference or _("Receipt"),
        "paper": paper,
        "form": form,
        "rows": list(form.rows()),
        "scanned": {
            "codes": {code: line.product.pk for line in paper.lines for code in line.codes},
            "bins": {line.bin.upper(): 1 for line in paper.lines if line.bin},
            "later": paper.later,
        },
    }
    return TemplateResponse(request, "inventory/goods_in_paper.html", context, status=409 if form.errors else 200)


def urls(admin_site: Any) -> list[Any]:
    """Return the addresses of goods in."""
    return [
        path("goods-in/", goods_in, name="goods_in"),
        path("goods-in/paper/", receive, name="goods_in_paper"),
    ]


BackOffice.more_urls.append(urls)
