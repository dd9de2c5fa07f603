"""Who may come in: staff with the permissions a page asks for; everybody else is refused, on every request again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from core.admin.site import site

OPERATE = "orders.operate_order"
SEE_CUSTOMERS = "customers.view_customer"
View = Callable[..., HttpResponse]


def staff_with(*permissions: str) -> Callable[[View], View]:
    """Let in who holds all of these permissions; who is not signed in is asked to."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if not user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return site.admin_view(guarded)

    return guard
