"""Many orders in one request: each in a transaction of its own, each with an answer of its own."""

from functools import partial
from http import HTTPStatus
from typing import Any

from django.db import DataError, IntegrityError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import problem_details
from core.api.fields import StrictSerializer
from core.api.idempotency import run_part_once
from core.errors import DomainError, Invalid

from .bodies import OrderCreateSerializer
from .serializers import BulkAnswerSerializer, OrderDetailSerializer
from .views import OrderView, brings_money

MOST_ORDERS = 100
# What the others of the request have nothing to do with. A database that is away concerns all of them.
REFUSALS = (DomainError, APIException, DataError, IntegrityError, OverflowError, UnicodeEncodeError)


class TooManyOrders(Invalid):
    """More orders than one request takes."""

    code = "too_many_orders"


class BulkSerializer(StrictSerializer):
    """The orders, as each would be sent alone."""

    orders = serializers.ListField(child=serializers.DictField(), allow_empty=False)


class BulkDescriptionSerializer(serializers.Serializer):
    """The orders, as each would be sent alone; at most 100."""

    orders = OrderCreateSerializer(many=True)


class BulkAnswersSerializer(serializers.Serializer):
    """One answer per order, in their order."""

    results = BulkAnswerSerializer(many=True)


class BulkOrdersView(OrderView):
    """Orders by the hundred. With an Idempotency-Key, what was placed is not placed again when it is sent again."""

    @extend_schema(request=BulkDescriptionSerializer, responses=BulkAnswersSerializer)
    def post(self, request: Request) -> Response:
        """Place each order that can be placed; the others answer why not."""
        bodies = self.said(BulkSerializer)["orders"]
        if len(bodies) > MOST_ORDERS:
            raise TooManyOrders(f"At most {MOST_ORDERS} orders in one request")
        return Response({"results": [self._one(index, body) for index, body in enumerate(bodies)]})

    def _one(self, index: int, body: dict[str, Any]) -> dict[str, Any]:
        """Place one order in a transaction of its own."""
        try:
            answer = run_part_once(self.request, index, body, partial(self._place, body), required=brings_money(body))
        except REFUSALS as refusal:
            answer = problem_details(refusal, {})
            return {"index": index, "status": answer.status_code, "problem": answer.data}
        return {"index": index, "status": answer.status_code, "order": answer.data}

    def _place(self, body: dict[str, Any]) -> Response:
        return Response(OrderDetailSerializer(self.place(body)).data, status=HTTPStatus.CREATED)
