"""Messages that went out, and files that belong to something."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Attachment(models.Model):
    """A file that belongs to a record: a PDF, a label, a picture. Its bytes lie in the file store."""

    thread = models.CharField(_("belongs to"), max_length=80, blank=True, db_index=True)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    file = models.FileField(_("file"), upload_to="%Y/%m", max_length=200)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("checksum"), max_length=64)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.name


class OutgoingMail(models.Model):
    """A message to somebody, kept as it was written, and sent once per dedupe key."""

    class Status(models.TextChoices):
        """Written down, handed to the mail server, or refused by it for good."""

        KEPT = "kept", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    dedupe_key = models.CharField(_("dedupe key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    thread = models.CharField(_("about"), max_length=80, blank=True)
    to = models.CharField(pgettext_lazy("a reader of mail", "to"), max_length=320)
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    attachments = models.ManyToManyField(Attachment, blank=True, verbose_name=_("files"))
    confidential = models.BooleanField(_("for its reader only"), default=False)
    message_id = models.CharField(_("message id"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.KEPT)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("sent mail")
        indexes = [models.Index(fields=["thread", "id"], name="mail_thread")]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"
