"""Nothing of the demo is there outside of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from demo.models import DemoDatabase


def only_in_demo(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer 404 unless this is the demo on a database of its own."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO or not DemoDatabase.objects.exists():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
