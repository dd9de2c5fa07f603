"""Who may come in: staff with the permissions a page asks for; everybody else is refused, on every request again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.site import site
from pricing.errors import UnknownChannel

OPERATE = "orders.operate_order"
SEE_CUSTOMERS = "customers.view_customer"
SELL = "orders.sell_at_counter"
View = Callable[..., HttpResponseBase]


def staff_with(*permissions: str) -> Callable[[View], View]:
    """Let in who holds all of these permissions; who is not signed in is asked to."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not user.has_perms(permissions):
                raise PermissionDenied
            if any("\0" in str(part) for part in kwargs.values()):
                # PostgreSQL takes no NUL, not even to look for it.
                raise Http404
            try:
                return view(request, *args, **kwargs)
            except UnknownChannel:
                if request.method != "GET":
                    raise
                missing = _("The channel of the order desk is missing. The command ensure_defaults makes it again.")
                messages.error(request, missing)
                return HttpResponseRedirect(reverse("admin:index"))

        return site.admin_view(guarded)

    return guard
