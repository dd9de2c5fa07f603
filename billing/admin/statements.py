"""The statement of a customer's account: read page by page, as a file, on paper, and mailed."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from billing import services, statements
from billing.errors import StatementTooLong
from billing.models import LegalEntity
from billing.panels import OPERATE
from core.admin.actors import actor_for
from core.admin.files import save_as
from core.admin.links import may_see, page_of
from core.admin.site import site
from core.errors import DomainError
from core.reader import spoken_date
from core.sight import may_open, seen
from customers.models import Customer

from .ageing import day_of
from .month import chosen_seller


def statement_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a statement, hand it out, or (POST) have it mailed to the customer."""
    seller = chosen_seller(request)
    if not may_open(request.user, "customers.customer"):
        raise PermissionDenied
    customer = seen(Customer.objects.filter(pk=pk)).first()
    if customer is None:
        raise Http404
    accounts = statements.accounts_of(customer.pk)
    account = _chosen(request, accounts, seller, customer)
    usual = statements.usual_period()
    last = day_of(request.GET.get("to", ""), usual[1])
    first = min(last, day_of(request.GET.get("from", ""), min(usual[0], last.replace(day=1))))
    query: dict[str, Any] = {
        "seller": account.entity_id,
        "currency": account.currency,
        "from": f"{first}",
        "to": f"{last}",
    }
    here = f"{reverse('admin:billing_statement', args=[customer.pk])}?{urlencode(query)}"
    if request.method == "POST":
        _mail(request, account, first, last)
        return HttpResponseRedirect(here)
    try:
        if answer := _file(request.GET, customer, account, first, last):
            return answer
    except StatementTooLong:
        messages.error(request, _("There are more postings than a paper holds; choose a shorter period, or a file."))
    found = statements.page(account, first, last, after=request.GET.get("after", ""))
    context = {
        **site.each_context(request),
        "title": _("Statement of account"),
        "customer": customer,
        "back": page_of(customer),
        "account": account,
        "seller": LegalEntity.objects.get(pk=account.entity_id),
        "accounts": [_tab(customer, one, account) for one in (accounts if len(accounts) > 1 else [])],
        "first": first,
        "last": last,
        "spoken_last": spoken_date(last),
        "page": found,
        "rows": [_row(request, line) for line in found.lines],
        "closing": statements.balance(account, last),
        **_open(request, account, last, here),
        "next": f"{here}&after={found.next}" if found.next else "",
        "here": here,
        "may_mail": request.user.has_perm(OPERATE) and bool(customer.email),
        "token": get_random_string(20),
    }
    return TemplateResponse(request, "billing/account_statement.html", context)


def _chosen(
    request: HttpRequest, accounts: list[statements.Account], seller: LegalEntity, customer: Customer
) -> statements.Account:
    wanted = request.GET.get("currency", "")
    of_seller = [one for one in accounts if one.entity_id == seller.pk] if "seller" in request.GET else accounts
    named = [one for one in of_seller if one.currency == wanted] or of_seller
    return named[0] if named else statements.Account(customer.pk, seller.pk, customer.currency)


def _tab(customer: Customer, one: statements.Account, account: statements.Account) -> dict[str, Any]:
    said: dict[str, Any] = {"seller": one.entity_id, "currency": one.currency}
    query = urlencode(said)
    return {
        "name": f"{LegalEntity.objects.get(pk=one.entity_id).name}, {one.currency}",
        "url": f"{reverse('admin:billing_statement', args=[customer.pk])}?{query}",
        "current": one == account,
    }


def _row(request: HttpRequest, line: statements.Line) -> dict[str, Any]:
    one = line.transaction
    about = one.credit_note or (one.payment if one.kind in ("payment", "refund") else one.invoice or one.payment)
    return {
        "line": line,
        "url": page_of(about) if about is not None and may_see(request.user, about) else "",
        "order": page_of(one.order) if one.order is not None and may_see(request.user, one.order) else "",
    }


def _open(request: HttpRequest, account: statements.Account, last: date, here: str) -> dict[str, Any]:
    """Return a page of what is open; the further pages of the postings leave it to the first."""
    if request.GET.get("after"):
        return {"open": []}
    start = statements.read_start(request.GET.get("open", ""))
    found = statements.open_items(account, last, start=start, limit=statements.PER_PAGE)
    number = start // statements.PER_PAGE + 1
    return {
        "open": [
            {
                "item": item,
                "url": page_of(item.invoice) if item.invoice and may_see(request.user, item.invoice) else "",
            }
            for item in found.items
        ],
        "open_count": found.count,
        "open_from": start + 1,
        "open_to": start + len(found.items),
        "open_next": f"{here}&open={number + 1}#open" if found.next else "",
        "open_before": f"{here}&open={number - 1}#open" if start else "",
        "open_files": {kind: f"{here}&of=open&as={kind}" for kind in services.FILE_KINDS},
    }


def _mail(request: HttpRequest, account: statements.Account, first: date, last: date) -> None:
    if not request.user.has_perm(OPERATE):
        raise PermissionDenied
    asked = request.POST.get("asked", "").replace("\0", "")[:40] or get_random_string(20)
    try:
        services.ask_for_statement(account, first, last, asked=asked, actor=actor_for(request))
        messages.success(request, _("The statement is on its way to the customer."))
    except DomainError as refusal:
        messages.error(request, refusal.message)


def _file(
    asked: QueryDict, customer: Customer, account: statements.Account, first: date, last: date
) -> HttpResponse | None:
    """Return what is asked for as a file: the postings, or with `of=open` what is open at the end."""
    kind, of_open = asked.get("as", ""), asked.get("of") == "open"
    name = f"{'open' if of_open else 'statement'}-{customer.number}-{last:%Y-%m-%d}"
    if kind == "pdf":
        return save_as(services.draw_statement(account, first, last), f"{name}.pdf", "application/pdf")
    if kind not in services.FILE_KINDS:
        return None
    content = (
        services.open_items_file(kind, account, last)
        if of_open
        else services.statement_file(kind, account, first, last)
    )
    return save_as(content, f"{name}.{kind}", services.FILE_KINDS[kind])
