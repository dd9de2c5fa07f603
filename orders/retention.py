"""How long orders name people, and how long people are known who are named by none."""

from django.utils.translation import gettext_lazy as _

from core import retention
from customers.services import forget_customers
from orders.services import erase_people, old_customers, old_orders

retention.register(
    retention.Kind(
        "orders",
        _("People on closed orders"),
        least=10,
        # Its history goes with it.
        law=_("what explains the books (AO § 147, GoBD)"),
        stays=_(
            "Number, lines, amounts, days and the country, so that every sum stays what it was. Orders that are open, "
            "not settled, or have an exception or a return open keep everything."
        ),
        old=old_orders,
        purge=erase_people,
    ),
    # After the orders: who is named by none of them any more goes in the same night.
    retention.Kind(
        "customers",
        _("Customers who do not order any more"),
        least=3,
        law=_("until claims lapse (BGB § 195, § 199)"),
        stays=_(
            "Their number, because orders and papers point at it. Whoever is named by an order, can sign in, or has "
            "store credit, keeps everything: first people on closed orders go."
        ),
        old=old_customers,
        purge=forget_customers,
    ),
)
