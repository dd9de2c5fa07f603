"""The account of the customer who is signed in: what moved on it, and what is open; on screen and on paper."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
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
    """Show the statement of the account; `as=pdf` is the paper."""
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
    if request.GET.get("as") == "pdf":
        try:
            content = billing.draw_statement(account, first, last)
        except StatementTooLong:
            messages.info(request, _("That is too much for one paper. Please choose a shorter time."))
            return redirect(f"{request.path}?{urlencode(period)}")
        return save_as(content, f"statement-{customer.number}-{last:%Y-%m-%d}.pdf", "application/pdf")
    page = statements.page(account, first, last, after=request.GET.get("after", ""))
    here = f"{request.path}?{urlencode(period)}"
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
        "open": [] if request.GET.get("after") else statements.open_items(account, last, limit=100),
        "next": f"{here}&after={page.next}" if page.next else "",
        "pdf": f"{here}&as=pdf",
    }
    return render(request, "portal/statement.html", context)


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
