"""The account of the customer who is signed in: what moved on it, and what is open; on screen and on paper."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import services as billing
from billing import statements
from billing.errors import StatementTooLong
from billing.models import LegalEntity
from core.admin.files import save_as
from core.reader import spoken_date
from portal import access


@login_required
@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """Show the statement of the account; `as=pdf` is the paper, `as=csv` and `as=xlsx` are files."""
    customer = access.customer_of(request)
    if customer is None:
        raise Http404
    accounts = statements.accounts_of(customer.pk)
    named = [one for one in accounts if _name(one) == request.GET.get("account")] or accounts
    account = named[0] if named else None
    usual = statements.usual_period()
    last = _day(request.GET.get("to", ""), usual[1])
    first = min(last, _day(request.GET.get("from", ""), min(usual[0], last.replace(day=1))))
    if account is None:
        return render(request, "portal/statement.html", {"account": None})
    period = {"account": _name(account), "from": f"{first}", "to": f"{last}"}
    here = f"{request.path}?{urlencode(period)}"
    try:
        if answer := _file(request.GET, f"{customer.number}-{last:%Y-%m-%d}", account, first, last):
            return answer
    except StatementTooLong:
        messages.info(request, _("That is too much for one paper. Please choose a shorter time, or take a file."))
        return redirect(here)
    page = statements.page(account, first, last, after=request.GET.get("after", ""))
    context = {
        "account": account,
        "accounts": [
            {"name": _spoken(one), "url": f"?{urlencode({'account': _name(one)})}", "current": one == account}
            for one in (accounts if len(accounts) > 1 else [])
        ],
        "chosen": _name(account),
        "first": first,
        "last": last,
        "spoken_last": spoken_date(last),
        "page": page,
        "closing": statements.balance(account, last),
        **_open(request, account, last, here),
        "next": f"{here}&after={page.next}" if page.next else "",
        "pdf": f"{here}&as=pdf",
        "files": {kind: f"{here}&as={kind}" for kind in billing.FILE_KINDS},
    }
    return render(request, "portal/statement.html", context)


def _file(asked: QueryDict, name: str, account: statements.Account, first: date, last: date) -> HttpResponse | None:
    """Return what is asked for: the paper, all postings, or with `of=open` everything that is open."""
    kind = asked.get("as", "")
    if kind == "pdf":
        return save_as(billing.draw_statement(account, first, last), f"statement-{name}.pdf", "application/pdf")
    if kind not in billing.FILE_KINDS:
        return None
    if asked.get("of") == "open":
        return save_as(billing.open_items_file(kind, account, last), f"open-{name}.{kind}", billing.FILE_KINDS[kind])
    content = billing.statement_file(kind, account, first, last)
    return save_as(content, f"statement-{name}.{kind}", billing.FILE_KINDS[kind])


def _open(request: HttpRequest, account: statements.Account, last: date, here: str) -> dict[str, Any]:
    """Return a page of what is open; the further pages of the postings leave it to the first."""
    if request.GET.get("after"):
        return {"open": []}
    start = statements.read_start(request.GET.get("open", ""))
    found = statements.open_items(account, last, start=start, limit=statements.PER_PAGE)
    number = start // statements.PER_PAGE + 1
    return {
        "open": found.items,
        "open_count": found.count,
        "open_from": start + 1,
        "open_to": start + len(found.items),
        "open_next": f"{here}&open={number + 1}#open" if found.next else "",
        "open_before": f"{here}&open={number - 1}#open" if start else "",
        "open_files": {kind: f"{here}&of=open&as={kind}" for kind in billing.FILE_KINDS},
    }


def _name(account: statements.Account) -> str:
    return f"{account.entity_id}-{account.currency}"


def _spoken(account: statements.Account) -> str:
    return f"{LegalEntity.objects.get(pk=account.entity_id).name}, {account.currency}"


def _day(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 1900 <= found.year <= 9998 else otherwise
