"""Answers that belong to no app."""

from django.http import HttpRequest, JsonResponse


def unknown_path(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Answer an unknown address below /api/ as the API answers everything."""
    body = {"type": "about:blank", "title": "Not found", "status": 404, "code": "not_found"}
    return JsonResponse(body, status=404, content_type="application/problem+json")
