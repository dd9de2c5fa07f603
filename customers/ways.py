"""How we and a customer talk to each other."""

from django.utils.translation import gettext_lazy as _

WAYS = (
    ("call", _("Phone call")),
    ("visit", _("Visit")),
    ("letter", _("Letter or mail from them")),
    ("remark", _("Remark of ours")),
)


def noted(way: str) -> str:
    """Return the name under which the log keeps what was said on a way."""
    return f"customers.{way}_noted"
