"""What people are told in the frame of the back office."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """Something that somebody is told about a record, until it was read.

    `thread` names the record (`app.model:17`), `about` what it is called, and `anchor` the place on its page. With
    `mail_due_at` it is also mailed, unless it was read before.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("for"))
    kind = models.CharField(_("kind"), max_length=40)
    thread = models.CharField(max_length=80)
    anchor = models.CharField(max_length=60, blank=True)
    about = models.CharField(_("about"), max_length=120)
    author = models.CharField(_("author"), max_length=120)
    text = models.CharField(_("text"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        default_permissions = ()
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["at"], name="notice_old"),
            models.Index(fields=["thread"], name="notice_about"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at=None)),
            models.Index(
                fields=["mail_due_at"],
                name="notice_to_mail",
                condition=models.Q(read_at=None, mail_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"
