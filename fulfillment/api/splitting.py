"""Work that is split, put together, stopped, or carried back to the bins."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import QuantityField, StrictSerializer, TextField
from core.api.idempotency import idempotent
from fulfillment import services

from .serializers import LineReferenceSerializer, NothingSerializer, WorkSerializer
from .views import WorkStepView, units_by_line


class MovedSerializer(LineReferenceSerializer):
    """How many units of a line go into work of their own."""

    quantity = QuantityField()


class SplitSerializer(StrictSerializer):
    """What goes into work of its own, and why."""

    lines = MovedSerializer(many=True, allow_empty=False)
    reason = TextField(max_length=300, required=False, allow_blank=True)


class WhySerializer(StrictSerializer):
    """Why, if there is something to say."""

    reason = TextField(max_length=300, required=False, allow_blank=True)


class SplitView(WorkStepView):
    """Units of planned work become work of their own; answers that."""

    @extend_schema(request=SplitSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Split it."""
        said = self.said(SplitSerializer)
        work = self.work(number)
        units = units_by_line(work, said["lines"])
        rest = services.split_fulfillment(work.pk, units=units, reason=said.get("reason", ""), actor=self.actor)
        return self.answer(str(rest.number))


class MergeView(WorkStepView):
    """All planned work of the order in the same place becomes one."""

    @extend_schema(request=NothingSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Put it together."""
        self.said(NothingSerializer)
        services.merge_fulfillment(self.work(number).pk, actor=self.actor)
        return self.answer(number)


class PullBackView(WorkStepView):
    """Work stops that nobody has finished picking; it is planned again."""

    @extend_schema(request=WhySerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Pull it back."""
        said = self.said(WhySerializer)
        services.pull_back(self.work(number).pk, reason=said.get("reason", ""), actor=self.actor)
        return self.answer(number)


class PutBackView(WorkStepView):
    """Picked or packed goods are carried back; sent again, they lie in their bins."""

    @extend_schema(request=WhySerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Begin to put them back, or say that it is done."""
        said = self.said(WhySerializer)
        work = self.work(number)
        if work.needs_put_back:
            services.complete_put_back(work.pk, actor=self.actor)
        else:
            services.put_back(work.pk, reason=said.get("reason", ""), actor=self.actor)
        return self.answer(number)
