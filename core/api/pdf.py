"""Answers that are papers."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer


class PdfRenderer(BaseRenderer):
    """Sends the bytes of a PDF; what went wrong instead is told in JSON. Use `renderer_classes = PAPER`."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return the bytes."""
        return data if isinstance(data, bytes) else json.dumps(data).encode()


class XmlRenderer(PdfRenderer):
    """Sends the bytes of a document in XML. Use `renderer_classes = XML`."""

    media_type = "application/xml"
    format = "xml"


class AnyRenderer(PdfRenderer):
    """Sends the bytes of a file of any kind. Use `renderer_classes = ANYTHING`."""

    media_type = "*/*"
    format = "file"


PAPER = (PdfRenderer, JSONRenderer)
XML = (XmlRenderer, JSONRenderer)
ANYTHING = (AnyRenderer, JSONRenderer)


def paper(content: bytes, name: str) -> HttpResponse:
    """Return a PDF to be shown under its name; browsers do not guess what else it could be."""
    return _named(content, "application/pdf", f'inline; filename="{name}"')


def xml(content: bytes, name: str) -> HttpResponse:
    """Return a document in XML, to be saved under its name."""
    return _named(content, "application/xml", f'attachment; filename="{name}"')


def _named(content: bytes, content_type: str, disposition: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = disposition
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
