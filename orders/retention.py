"""How long orders name people."""

from django.utils.translation import gettext_lazy as _

from core import retention
from orders.services import erase_people, old_orders

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
    )
)
