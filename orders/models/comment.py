"""What people say about an order."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class Comment(models.Model):
    """A remark on an order; `public` ones are shown to the customer."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="comments", verbose_name=_("order"))
    author = models.CharField(_("author"), max_length=120)
    text = models.TextField(_("text"))
    public = models.BooleanField(_("shown to the customer"), default=False)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_of_customer(self) -> bool:
        """Whether the customer wrote it."""
        return self.author.partition(":")[0] == "customer"
