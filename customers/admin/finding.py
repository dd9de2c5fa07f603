"""How customers are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from customers import selectors
from customers.models import Customer


@finder(permission="customers.view_customer", order=20)
def find_customers(term: str) -> list[Hit]:
    """Find customers by number, or by the beginnings of words: name, company, e-mail, phone."""
    rows = selectors.begun(term, limit=LIMIT, among=Customer.objects.all())
    return [
        Hit(str(customer), page_of(customer), detail=f"{customer.number} {customer.email}", kind=_("Customer"))
        for customer in rows
    ]
