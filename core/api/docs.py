"""The description of the API to read, offline and under the CSP; nobody needs a key for it."""

import functools
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import as_page


class _Readable:
    """Answers an error as everything here does, and not in the form of what was asked for."""

    def handle_exception(self, error: Exception) -> HttpResponse:
        """Return the problem."""
        return as_page(error)


class SchemaView(_Readable, SpectacularAPIView):
    """The description, made once per process: addresses do not change while it runs."""

    # Counted by the middleware, which answers a problem and never a page.
    throttle_classes = ()

    def _get_schema_response(self, request: Request) -> Response:
        kept = _kept(settings.ROOT_URLCONF, request.build_absolute_uri("/"), get_language() or "")
        if not kept:
            kept.update(super()._get_schema_response(request).data)
        name = f'inline; filename="{self._get_filename(request, self.api_version or "")}"'
        return Response(data=kept, headers={"Content-Disposition": name})


@functools.lru_cache(maxsize=8)
def _kept(urlconf: str, site: str, language: str) -> dict[str, Any]:
    return {}


class DocsView(_Readable, SpectacularSwaggerSplitView):
    """The description to read and to try; its script comes from an address of its own, as the CSP wants."""

    throttle_classes = ()
    url_name = "api:schema"
    template_name = "core/api_docs.html"
