"""What may be done with an order: one address and one service per action; each answers the order."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.etags import expected_version
from core.api.fields import FlagField, MomentField, StrictSerializer, TextField, WholeNumberField
from core.api.idempotency import idempotent
from core.errors import Conflict
from orders import selectors, services
from orders.errors import HoldClosed
from orders.models import Hold, LiftedBy
from orders.services.prioritizing import MOST_POINTS

from .permissions import WAIVE
from .serializers import OrderDetailSerializer
from .views import IF_MATCH, OrderView

BLOCKABLE = ("verify", "confirm", "release", "fulfill", "complete", "cancel")


# A key has no more digits than this.
MOST_DIGITS = 19


class NothingSerializer(StrictSerializer):
    """Nothing needs to be said."""


class ReasonSerializer(StrictSerializer):
    """Why."""

    reason = TextField(max_length=300)


class BumpSerializer(ReasonSerializer):
    """Points that an order gets beside its own, or loses."""

    points = WholeNumberField(min_value=-MOST_POINTS, max_value=MOST_POINTS, help_text="Not zero.")
    until = MomentField(required=False, allow_null=True)


class HoldInputSerializer(ReasonSerializer):
    """What stops the order, and which of its steps."""

    kind = TextField(max_length=20, required=False, help_text="The code of a type of hold; `manual` if none is said.")
    blocks = serializers.ListField(
        child=serializers.ChoiceField(choices=BLOCKABLE),
        min_length=1,
        required=False,
        help_text="As the type says, if nothing is said. A part of an order is kept from leaving the house.",
    )
    auto_release = serializers.ChoiceField(
        choices=["", *LiftedBy.values], required=False, help_text="What lifts it by itself; as the type says, if none."
    )
    expires_at = MomentField(required=False, allow_null=True)
    line = TextField(max_length=20, required=False, help_text="The id of a line: only that stops, the rest goes on.")


class ReleaseHoldSerializer(StrictSerializer):
    """Which hold (all of them, if none is named), and why it is lifted."""

    hold = TextField(max_length=20, required=False)
    note = TextField(max_length=300, allow_blank=True, required=False)


class WaiveSerializer(ReasonSerializer):
    """Which failed check, and why it may be."""

    check = TextField(max_length=40)


class CommentSerializer(StrictSerializer):
    """What somebody says; a public remark is shown to the customer."""

    text = TextField(max_length=5_000)
    public = FlagField(required=False)


class ActionView(OrderView, ABC):
    """An action: reads the body, calls one service, answers the order as it is afterwards."""

    serializer_class: ClassVar[type[serializers.Serializer]] = NothingSerializer

    @abstractmethod
    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Do it."""

    @extend_schema(responses=OrderDetailSerializer, parameters=[IF_MATCH])
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Do it, and answer the order."""
        said = self.said(self.serializer_class)
        order_id = self.order_id(number)
        if (version := expected_version(request)) is not None:
            services.require_version(order_id, version)
        with _explained(order_id):
            self.act(order_id, said)
        return self.shown(self.order(number))


@contextmanager
def _explained(order_id: int) -> Iterator[None]:
    """Add to a refusal what keeps the order from moving on."""
    try:
        yield
    except Conflict as refusal:
        order = selectors.orders().filter(pk=order_id).first()
        if order is not None:
            refusal.details.setdefault("blocked_because", selectors.blocked_because(order) or refusal.message)
        raise


class VerifyView(ActionView):
    """Accept an order whose checks were passed or waived."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Verify it."""
        services.verify_order(order_id, actor=self.actor)


class ConfirmView(ActionView):
    """Promise a date: the payment condition is met."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Confirm it."""
        services.confirm_order(order_id, actor=self.actor)


class CompleteView(ActionView):
    """Close an order for good."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Complete it."""
        services.complete_order(order_id, actor=self.actor)


class CancelView(ActionView):
    """Cancel an order of which nothing has left."""

    serializer_class = ReasonSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Cancel it."""
        services.cancel_order(order_id, reason=said["reason"], actor=self.actor)


class HoldView(ActionView):
    """Stop an order."""

    serializer_class = HoldInputSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Place the hold."""
        services.place_hold(
            order_id,
            kind=said.get("kind", Hold.Kind.MANUAL),
            reason=said["reason"],
            blocks=said.get("blocks"),
            auto_release=said.get("auto_release"),
            expires_at=said.get("expires_at"),
            line_id=_key(said.get("line")),
            actor=self.actor,
        )


def _key(text: str | None) -> int | None:
    """Return the id of a line; one that is no number is that of no line."""
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else 0


class ReleaseHoldView(ActionView):
    """Let an order go on. Lifting the hold of a failed check waives the check, which needs `orders:waive`."""

    serializer_class = ReleaseHoldSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Lift the hold, or all of them."""
        active = selectors.active_holds().filter(order=order_id)
        wanted = said.get("hold")
        ids = [hold.pk for hold in active if wanted in (None, str(hold.pk))]
        if not ids:
            raise HoldClosed("No such hold is active")
        for hold_id in ids:
            services.release_hold(hold_id, note=said.get("note", ""), actor=self.actor)


class WaiveCheckView(ActionView):
    """Accept an order although a check failed."""

    required_scopes = {"POST": WAIVE}
    serializer_class = WaiveSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Waive the check."""
        services.waive_check(order_id, said["check"], reason=said["reason"], actor=self.actor)


class CheckAgainView(ActionView):
    """Look at the checks again, with the order, its customer and its channel as they are now."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Check it."""
        services.recheck_order(order_id, actor=self.actor)


class BumpView(ActionView):
    """Give an order points beside those it has, or take some, until a moment or until somebody ends that."""

    serializer_class = BumpSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Bump it; another bump takes the place of the one before."""
        services.bump_order(
            order_id, points=said["points"], reason=said["reason"], until=said.get("until"), actor=self.actor
        )


class EndBumpView(ActionView):
    """Give an order its usual priority again."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """End the bump; where there is none, nothing changes."""
        services.end_bump(order_id, actor=self.actor)


class CommentView(ActionView):
    """Say something about an order."""

    serializer_class = CommentSerializer

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Add the remark."""
        services.add_comment(order_id, said["text"], public=said.get("public", False), actor=self.actor)
