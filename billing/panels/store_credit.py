"""What pages show of store credit."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import credit_account
from billing.models import StoreCredit
from core.admin.links import may_see, page_of
from core.panels import panel
from core.sight import seen
from customers.models import Customer

SHOWN = 8
GIVE = "billing.give_store_credit"


@panel("customers.customer", order=25)
def store_credit_of_customer(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show what a customer has with us and what became of it last, and where more is given."""
    may_give = request.user.has_perm(GIVE)
    sees_credit = request.user.has_perm("billing.view_storecredit")
    if not sees_credit and not may_give:
        return None
    credits = list(seen(StoreCredit.objects.filter(customer=customer)).order_by("currency")) if sees_credit else []
    entries = list(credit_account.entries_of(customer)[:SHOWN]) if credits else []
    rows = [(credit_account.movement(one), one.transaction.order) for one in entries]
    context = {
        "title": _("Store credit"),
        "flush": bool(rows),
        "anchor": "store-credit",
        "credits": credits,
        "rows": [
            {"movement": one, "url": page_of(order) if order and may_see(request.user, order) else ""}
            for one, order in rows
        ],
        "give": f"{reverse('admin:billing_customer_do', args=[customer.pk, 'store-credit'])}?next={request.path}"
        if may_give
        else "",
    }
    return "billing/panels/store_credit.html", context
