"""What every view of the API stands on, and answers that belong to no app."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.admin import refusals
from core.api.auth import actor_of, channels_of
from core.api.errors import CONTENT_TYPE, body


class ApiView(APIView):
    """A view of the API: `required_scopes = {"GET": "things:read", "POST": "things:write"}`.

    One service per method; `self.actor` and `self.channels` say who calls. Writes are `@idempotent`.
    """

    # Says to the middleware that it knows its callers and counts them itself.
    counts_requests = True

    @property
    def actor(self) -> Any:
        """Return the caller as the actor of a service."""
        return actor_of(self.request)

    @property
    def channels(self) -> frozenset[str] | None:
        """Return the channels that the caller sees; None means all."""
        return channels_of(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the request before anything refuses it: what is refused counts, too, and so does a bad key."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)
        super().initial(request, *args, **kwargs)

    def check_throttles(self, request: Request) -> None:
        """Nothing more: it was counted at the door."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Let nobody in between keep the answer."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        return answer


class ApiListView(ApiView, ListAPIView):
    """A list: `get_queryset`, `serializer_class`, `filterset_class`, `ordering`, `ordering_fields`."""


def problem(status: int, code: str, detail: str) -> HttpResponse:
    """Return a problem where there is no view to raise it."""
    content = json.dumps(body(status, code, detail))
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE)


@csrf_exempt
def unknown_path(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer an unknown address below /api/ as the API answers everything."""
    with_slash = f"{request.path_info}/"
    forgotten = not with_slash.endswith("//") and _is_known(with_slash)
    detail = f"Addresses end with a slash: {with_slash}" if forgotten else "There is nothing at this address"
    return problem(HTTPStatus.NOT_FOUND, "not_found", detail)


def _is_known(path: str) -> bool:
    match: Any = is_valid_path(path)
    return bool(match) and match.func is not unknown_path


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what was refused before a view saw it, e.g. a host name that is not ours."""
    if _is_api(request):
        return problem(HTTPStatus.BAD_REQUEST, "malformed", "The request cannot be understood")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what a middleware or a view refused."""
    if _is_api(request):
        return problem(HTTPStatus.FORBIDDEN, "not_allowed", "This is not allowed")
    if refusals.belongs(request):
        return refusals.page(request, HTTPStatus.FORBIDDEN)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that nobody knows."""
    if _is_api(request):
        return problem(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address")
    if refusals.belongs(request):
        return refusals.page(request, HTTPStatus.NOT_FOUND)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when even the answering failed."""
    if _is_api(request):
        detail = "Something went wrong on our side; tell us the request_id"
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)
    return defaults.server_error(request)
