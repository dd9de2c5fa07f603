"""A small API on the base of ours: bells to ring, a list of rings, and everything that can go wrong."""

import threading
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from django.urls import include, path
from django_fsm import TransitionNotAllowed
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from core import errors, outbox
from core.api.fields import CountryField, CurrencyField, MoneyField, QuantityField, TextField
from core.api.idempotency import idempotent
from core.api.urls import urlpatterns as core_urls
from core.api.views import ApiListView, ApiView, unknown_path
from core.models import EventRecord
from tests.core.conftest import Rang

# The test holds a ring between its work and its commit.
hold = threading.Event()
hold.set()
inside = threading.Semaphore(0)


class LineSerializer(serializers.Serializer):
    sku = TextField(max_length=20)
    quantity = QuantityField()


class RingSerializer(serializers.Serializer):
    bell = TextField(max_length=20)
    country = CountryField(required=False)
    currency = CurrencyField(required=False)
    amount = MoneyField(required=False)
    lines = LineSerializer(many=True, required=False)


class RingsView(ApiListView):
    """Ring, and see who rang."""

    required_scopes = {"GET": "bells:read", "POST": "bells:write"}

    class Filters(django_filters.FilterSet):
        actor = django_filters.CharFilter()
        after = django_filters.IsoDateTimeFilter("at", lookup_expr="gte")

        class Meta:
            model = EventRecord
            fields = ["actor", "after"]

    class Row(serializers.ModelSerializer):
        class Meta:
            model = EventRecord
            fields = ["id", "note", "actor"]

    queryset = EventRecord.objects.filter(name="tests.rang")
    serializer_class = Row
    filterset_class = Filters
    ordering = ("-at",)
    ordering_fields = {"at": "at", "note": "note", "place": "position"}

    @idempotent
    def post(self, request: Request) -> Response:
        """Ring."""
        body = RingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        outbox.emit(Rang(), actor=self.actor)
        inside.release()
        hold.wait(10)
        if body.validated_data["bell"] == "cracked":
            raise errors.Conflict("The bell is cracked", crack="long")
        if body.validated_data["bell"] == "polite":
            return Response({"no": "thanks"}, status=409)
        return Response({"ring": EventRecord.objects.count(), "bell": body.validated_data["bell"]}, status=201,
                        headers={"Location": "/api/v1/bells/1/"})  # fmt: skip


class MoneyView(ApiView):
    """Move money."""

    required_scopes = {"POST": "bells:write"}

    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        """Move it."""
        outbox.emit(Rang(), actor=self.actor)
        return Response(status=204)


RAISED: dict[str, Any] = {
    "invalid": lambda: errors.Invalid("Never", errors=[{"pointer": "/a", "code": "b", "detail": "c"}]),
    "not-allowed": lambda: errors.NotAllowed("No"),
    "missing": lambda: errors.Missing("Gone"),
    "conflict": lambda: errors.Conflict("Not now", blocked_because="The bell is in use", status="resting"),
    "stale": lambda: errors.Stale("Older"),
    "key-reused": lambda: errors.KeyReused("Again"),
    "too-many": lambda: errors.TooMany("Slowly", retry=1),
    "domain": lambda: errors.DomainError("Somehow"),
    "transition": lambda: TransitionNotAllowed("no"),
    "http404": lambda: Http404("no"),
    "denied": lambda: PermissionDenied("no"),
    "data": lambda: DataError("value too long"),
    "integrity": lambda: IntegrityError("duplicate key"),
    "database": lambda: OperationalError("connection refused"),
    "nul": lambda: ValueError("A string literal cannot contain NUL (0x00) characters."),
    "throttled": lambda: Throttled(wait=2.4),
    "bug": lambda: KeyError("secret"),
}


class RaiseView(ApiView):
    """Raise what is asked for."""

    required_scopes = {"GET": "bells:read"}

    def get(self, request: Request, kind: str) -> Response:
        """Raise it."""
        raise RAISED[kind]()


api = [
    path("bells/", RingsView.as_view()),
    path("money/", MoneyView.as_view()),
    path("raise/<str:kind>/", RaiseView.as_view()),
    *core_urls,
]
urlpatterns = [
    path("api/v1/", include((api, "api"))),
    path("api/", unknown_path),
    path("api/<path:rest>", unknown_path),
]
handler400 = "core.api.views.bad_request"
handler403 = "core.api.views.permission_denied"
handler404 = "core.api.views.page_not_found"
handler500 = "core.api.views.server_error"
