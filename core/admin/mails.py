"""Every message that went out, as it was written: read it, take its files, send it again."""

from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from core import mail as mails
from core.actors import Actor
from core.admin import navigation
from core.admin.base import Tab
from core.admin.columns import badge_column, when_column
from core.admin.files import download
from core.admin.links import page_of_thread
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.mail_pictures import files_of, html_for_a_page
from core.models import OutgoingMail
from core.panels import panel

# A message is foreign paper: it may show itself, and nothing else. No script, no form, no remote picture.
PREVIEW = {
    "default-src": ["'none'"],
    "img-src": ["'self'", "data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def send_again(pk: int, *, actor: Actor) -> OutgoingMail:
    """Send a message again, as it was written."""
    return mails.resend(pk, actor=actor)


@admin.register(OutgoingMail, site=site)
class MailAdmin(TransitionAdmin, PanelAdmin):
    """Sent mail."""

    page = "core.mail"
    list_display = ("subject", "to", badge_column("status"), when_column("created_at"), when_column("sent_at"))
    list_filter = ("status", "language")
    search_fields = ("=to", "=thread", "subject")
    search_help_text = _("By recipient, history (app.model:17) or part of the subject")
    tabs = (Tab(_("Waiting"), {"status__exact": "kept"}), Tab(_("Failed"), {"status__exact": "failed"}))
    empty_text = _("No message has been written yet. Each one that goes out is kept here as it was sent.")
    facts = ("to", when_column("created_at"), when_column("sent_at"), "reads", "message_id")
    transition_services = {
        "resend": TransitionSpec(
            _("Send again"),
            send_again,
            "core.change_outgoingmail",
            consequences=lambda mail: [
                _("%(to)s gets the same message once more, with the same files.") % {"to": mail.to},
                _("It is sent as it was written; nothing in it is brought up to date."),
            ],
            done=_("The message is on its way again."),
            icon="mail",
        )
    }

    @admin.display(description=_("language"))
    def reads(self, obj: OutgoingMail) -> str:
        """Name the language it is written in."""
        return str(dict(settings.LANGUAGES).get(obj.language, obj.language))

    def page_title(self, obj: Any) -> str:
        """Return the subject."""
        return str(obj.subject)

    def get_urls(self) -> list[Any]:
        """Add the preview and the files."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", wrap(self.preview_view), name="core_outgoingmail_preview"),
            path("<int:pk>/files/<int:file>/", wrap(self.file_view), name="core_outgoingmail_file"),
            *super().get_urls(),
        ]

    def _readable(self, request: HttpRequest, pk: int) -> OutgoingMail:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp(PREVIEW))
    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the message as its reader sees it, fenced in."""
        return HttpResponse(html_for_a_page(self._readable(request, pk)))

    def file_view(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        """Hand out one of its files."""
        attachment = self._readable(request, pk).attachments.filter(pk=file).first()
        if attachment is None:
            raise Http404
        return download(attachment)


@panel("core.mail", order=10)
def message(request: HttpRequest, mail: OutgoingMail) -> tuple[str, dict[str, Any]]:
    """Show the message."""
    return "admin/core/mail_message.html", {"title": gettext("Message"), "mail": mail, "flush": True}


@panel("core.mail", order=20)
def plain_text(request: HttpRequest, mail: OutgoingMail) -> tuple[str, dict[str, Any]] | None:
    """Show what readers without HTML get."""
    if not mail.html:
        return None
    return "admin/core/mail_text.html", {"title": gettext("Text"), "mail": mail}


@panel("core.mail", order=5)
def belongs(request: HttpRequest, mail: OutgoingMail) -> tuple[str, dict[str, Any]]:
    """Show the files and what the message is about."""
    files = [
        {"file": file, "url": reverse("admin:core_outgoingmail_file", args=[mail.pk, file.pk])}
        for file in files_of(mail)[0]
    ]
    context = {
        "title": gettext("Files"),
        "files": files,
        "count": len(files),
        "about": page_of_thread(mail.thread, request.user),
    }
    return "admin/core/mail_files.html", {**context, "thread": mail.thread, "side": True}


navigation.register(
    navigation.SETTINGS,
    _("Sent mail"),
    "admin:core_outgoingmail_changelist",
    permission="core.view_outgoingmail",
    order=980,
    icon="gear",
)
