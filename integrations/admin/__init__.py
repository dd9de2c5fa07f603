"""What integrations add to the back office: the words for what an import leaves to people."""

from django.utils.translation import gettext_lazy as _

from integrations import sentences
from integrations.admin import products
from integrations.services.refused import REFUSED
from orders import categories

__all__ = ["products", "sentences"]

categories.register("unmatched_cancellation", _("unmatched cancellation"))
categories.register(REFUSED, _("rows of a file not taken"))
