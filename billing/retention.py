"""Issued documents are kept for good."""

from django.utils.translation import gettext_lazy as _

from core import retention

retention.register(
    retention.Kind(
        "documents",
        _("Invoices and credit notes"),
        least=8,
        law=_("vouchers (HGB § 257, AO § 147)"),
        stays=_(
            "All of it. An issued document never changes and its number series has no gap: the database itself "
            "refuses to delete one."
        ),
    )
)
