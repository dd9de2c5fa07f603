"""Files of an order, handed out to who may see the order, and taken off by who may work on it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core.admin.actors import actor_for
from core.admin.aside import go_to, is_aside
from core.admin.files import download
from core.errors import DomainError
from core.uploads import PICTURES
from orders import services
from orders.models import Order, OrderFile

OPERATE = "orders.operate_order"


class FilesAdmin(admin.ModelAdmin):
    """Adds `<pk>/files/<file>/`, to be saved; `picture/` shows it where it is one, `remove/` takes it off."""

    def get_urls(self) -> list[Any]:
        """Add the addresses of files."""
        framed = self.admin_site.admin_view
        return [
            path("<int:pk>/files/<int:file>/", framed(self.file_view), name="orders_order_file"),
            path("<int:pk>/files/<int:file>/picture/", framed(self.picture_view), name="orders_order_picture"),
            path("<int:pk>/files/<int:file>/remove/", framed(self.remove_view), name="orders_order_remove_file"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        """Hand a file out, only ever to be saved."""
        return download(self._file(request, pk, file)[1].attachment)

    def picture_view(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        """Show a picture on our pages."""
        kept = self._file(request, pk, file)[1].attachment
        if kept.content_type not in PICTURES:
            raise Http404
        return download(kept, inline=True)

    def remove_view(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        """Ask (GET), then take a file off (POST)."""
        order, found = self._file(request, pk, file)
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        back = reverse("admin:orders_order_change", args=[order.pk])
        reason = ""
        if request.method == "POST":
            try:
                services.remove_file(found.pk, actor=actor_for(request))
            except DomainError as error:
                reason = error.message
            else:
                self.message_user(request, _("“%(file)s” is taken off.") % {"file": found}, messages.SUCCESS)
                return go_to(back) if is_aside(request) else HttpResponseRedirect(back)
        gone = [_("“%(file)s” is deleted for good; the history keeps its name.") % {"file": found}]
        if found.is_shown:
            gone.append(_("The customer does not see it any more."))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take the file off"),
            "opts": self.opts,
            "object": order,
            "spec": {"style": "danger"},
            "form": None,
            "reason": reason,
            "consequences": gone,
            "back": back,
        }
        return TemplateResponse(request, "admin/transition.html", context, status=409 if reason else 200)

    def _file(self, request: HttpRequest, pk: int, file: int) -> tuple[Order, OrderFile]:
        """Return a file of an order that the reader sees."""
        order: Any = self.get_object(request, str(pk))
        if order is None or not self.has_view_permission(request, order):
            raise Http404
        rows = OrderFile.objects.select_related("attachment", "comment")
        found = rows.filter(pk=file, order=order).first() if file < 2**63 else None
        if found is None:
            raise Http404
        return order, found
