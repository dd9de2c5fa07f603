"""The logo at the head of each page, as a picture of its own that browsers keep."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing import services as billing


@require_GET
def logo(request: HttpRequest, mark: str) -> HttpResponse:
    """Hand out a small logo. Another one has another address, so this one is kept for a year."""
    content = billing.small_logo(mark)
    if not content:
        raise Http404
    response = HttpResponse(content, content_type="image/png")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
