"""The feed: every public event in order, to be pulled instead of pushed."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api.auth import declare_scope
from core.api.fields import MomentField
from core.api.filters import bad_parameters, refuse_unknown
from core.api.pagination import page_size
from core.api.views import ApiView
from core.models import EventRecord

VisibleIds = Callable[[set[int], frozenset[str]], set[int]]
PublicNames = Callable[[set[int]], dict[int, dict[str, Any]]]
READ = "events:read"
declare_scope(READ, "core.view_eventrecord")
VISIBLE: dict[str, VisibleIds] = {}
NAMES: dict[str, PublicNames] = {}
# How many batches one request reads past when a key sees little of what happens.
BATCHES = 5
# How members are called that hold keys of rows.
INSIDE = ("_id", "_ids", "_thread")


def visible_to(kind: str) -> Callable[[VisibleIds], VisibleIds]:
    """Register which records of a kind (`app.model`) a key limited to channels may hear of.

    The function takes ids and channels and returns the ids that belong to them. A key limited to
    channels hears nothing of kinds for which nobody registered.
    """

    def register(function: VisibleIds) -> VisibleIds:
        VISIBLE[kind] = function
        return function

    return register


def named_by(kind: str) -> Callable[[PublicNames], PublicNames]:
    """Register how records of a kind are called outside: ids → members such as `{"number": "…"}`."""

    def register(function: PublicNames) -> PublicNames:
        NAMES[kind] = function
        return function

    return register


class EventSerializer(serializers.Serializer):
    """One entry of the feed."""

    id = serializers.IntegerField(help_text="Its place in the feed; ask for what comes `after` it.")
    type = serializers.CharField()
    at = MomentField()
    data = serializers.DictField()


class FeedSerializer(serializers.Serializer):
    """A page of the feed."""

    results = EventSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    last = serializers.IntegerField(help_text="Ask `after` this, also when nothing was for you.")


class EventsView(ApiView):
    """The feed of public events."""

    required_scopes = {"GET": READ}

    @extend_schema(
        parameters=[
            OpenApiParameter("after", int, description="The id of the last event that you have"),
            OpenApiParameter("page_size", int),
        ],
        responses=FeedSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return public events in order, those after `after` first."""
        refuse_unknown(request, {"after", "page_size"})
        after, size = _after(request), page_size(request)
        found: list[EventRecord] = []
        last, more = after, True
        for _ in range(BATCHES):
            batch = list(_public().filter(position__gt=last).order_by("position")[: size + 1])
            more, batch = len(batch) > size, batch[:size]
            seen = self._visible(batch)
            room = size - len(found)
            if len(seen) > room:
                found, more = [*found, *seen[:room]], True
                last = found[-1].position or last
                break
            found += seen
            last = (batch[-1].position or last) if batch else last
            if not more or len(found) == size:
                break
        following = replace_query_param(request.build_absolute_uri(), "after", last) if more else None
        return Response({"results": _present(found), "next": following, "previous": None, "last": last})

    def _visible(self, batch: list[EventRecord]) -> list[EventRecord]:
        channels = self.channels
        if channels is None:
            return batch
        seen = {kind: VISIBLE[kind](ids, channels) for kind, ids in _ids(batch).items() if kind in VISIBLE}
        return [record for record in batch if _about(record)[1] in seen.get(_about(record)[0], set())]


def _public() -> Any:
    return EventRecord.objects.filter(public=True, position__isnull=False)


def _after(request: Request) -> int:
    given = request.query_params.get("after", "") or "0"
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise bad_parameters({"after": [{"code": "invalid", "message": "The id of an event, or 0"}]})
    return int(given)


def _about(record: EventRecord) -> tuple[str, int]:
    kind, _, key = record.thread.partition(":")
    return kind, int(key) if key.isdigit() else 0


def _ids(records: list[EventRecord]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for record in records:
        kind, key = _about(record)
        found[kind].add(key)
    return found


def _present(records: list[EventRecord]) -> list[dict[str, Any]]:
    """Say what happened in public words: database keys stay inside."""
    names = {kind: NAMES[kind](ids) for kind, ids in _ids(records).items() if kind in NAMES}
    return [
        {
            "id": record.position,
            "type": record.name,
            "at": record.at,
            "data": {**without_keys(record.payload), **names.get(_about(record)[0], {}).get(_about(record)[1], {})},
        }
        for record in records
    ]


def without_keys(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says without database keys, which stay inside.

    Not below the first level: what stands there may be names that a sender gave.
    """
    return {name: value for name, value in payload.items() if not name.endswith(INSIDE)}
