"""Files that people put to an order."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Attachment

from .comment import Comment
from .order import Order


class OrderFile(models.Model):
    """A file of an order that somebody brought along, with a comment or alone. The customer sees those of theirs."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="files", verbose_name=_("order"))
    comment = models.ForeignKey(
        Comment, models.CASCADE, null=True, blank=True, related_name="files", verbose_name=_("comment")
    )
    attachment = models.OneToOneField(Attachment, models.CASCADE, related_name="+", verbose_name=_("file"))
    author = models.CharField(_("author"), max_length=120)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("file of an order")
        verbose_name_plural = _("files of orders")
        default_permissions = ()

    def __str__(self) -> str:
        return self.attachment.name

    @property
    def is_shown(self) -> bool:
        """Whether the customer sees it."""
        return self.comment is not None and self.comment.public
