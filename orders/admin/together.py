"""Working together on an order: whose it is, who follows it, and when it is looked at again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import bell, mentions, seat
from core.admin.forms import SubjectForm
from core.admin.transitions import TransitionSpec
from core.models import User
from orders import services
from orders.admin.steps import OPERATE
from orders.models import Follower, FollowUp, Order

VIEW = "orders.view_order"
MOST_NAMED = 30

for kind, did in {
    "handed_over": _("handed it over to you"),
    "follow_up_due": _("reminds you to follow up today"),
    "orders.comment_added": _("commented"),
    "orders.hold_placed": _("placed a hold"),
    "orders.hold_released": _("lifted a hold"),
    "orders.order_verified": _("verified it"),
    "orders.order_confirmed": _("confirmed it"),
    "orders.order_released": _("began the work"),
    "orders.goods_shipped": _("shipped from it"),
    "orders.goods_delivered": _("noted its delivery"),
    "orders.order_completed": _("closed it"),
    "orders.order_cancelled": _("cancelled it"),
    "orders.order_expired": _("let it expire unpaid"),
}.items():
    bell.say(kind, did)


class HandOrderForm(SubjectForm):
    """Who looks after an order from now on, and what they should know."""

    to = forms.ChoiceField(label=_("To"), required=False)
    note = forms.CharField(
        label=_("What they should know"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def prepare(self) -> None:
        """Offer the colleagues who may see the order."""
        field: Any = self.fields["to"]
        people = [
            (str(one.pk), one.get_full_name() or one.get_username()) for one in mentions.everybody_for(self.subject)
        ]
        field.choices = [("", gettext("nobody in particular")), *people]


class FollowUpForm(forms.Form):
    """When an order is looked at again, and why."""

    on = forms.DateField(
        label=pgettext_lazy("a day", "On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("Why"), max_length=300, required=False)

    def clean_on(self) -> Any:
        """Ask for a day to come."""
        on = self.cleaned_data["on"]
        if on < seat.today():
            raise forms.ValidationError(gettext("This day is over."))
        return on


def _hand_over(order: Order, said: dict[str, Any]) -> dict[str, Any]:
    return {"to_id": int(said["to"]) if said["to"] else None, "note": said["note"]}


def _me(actor: Any) -> User:
    return User.objects.get(username=actor.name)


def _take(order_id: int, *, actor: Any) -> Order:
    return services.hand_over_order(order_id, to_id=_me(actor).pk, actor=actor)


def _follow(order_id: int, *, actor: Any) -> bool:
    return services.follow_order(order_id, user_id=_me(actor).pk)


def _unfollow(order_id: int, *, actor: Any) -> bool:
    return services.unfollow_order(order_id, user_id=_me(actor).pk)


def follow_up_of(order: Order) -> FollowUp | None:
    """Return the day on which the order is looked at again, if there is one."""
    return getattr(order, "follow_up", None)


def _planned(order: Order) -> dict[str, Any]:
    known = follow_up_of(order)
    tomorrow = seat.today() + timedelta(days=1)
    return {"on": max(known.on, seat.today()), "note": known.note} if known else {"on": tomorrow}


TOGETHER_STEPS: Mapping[str, TransitionSpec] = {
    "hand-over": TransitionSpec(
        gettext_lazy("Hand over"),
        services.hand_over_order,
        OPERATE,
        form=HandOrderForm,
        initial=lambda order: {"to": str(order.assignee_id or "")},
        arguments=_hand_over,
        consequences=lambda order: [gettext("The colleague is told at the bell, and follows the order.")],
        elsewhere=True,
    ),
    "take-it": TransitionSpec(
        gettext_lazy("Take it"),
        _take,
        OPERATE,
        consequences=lambda order: [gettext("You look after it from now on.")],
        elsewhere=True,
    ),
    "follow": TransitionSpec(
        pgettext_lazy("an order", "Follow"),
        _follow,
        VIEW,
        consequences=lambda order: [gettext("You are told at the bell of comments, steps and holds.")],
        done=_("You follow this order."),
        elsewhere=True,
    ),
    "unfollow": TransitionSpec(
        pgettext_lazy("an order", "Unfollow"),
        _unfollow,
        VIEW,
        consequences=lambda order: [gettext("You are told nothing more of it, unless somebody names you.")],
        done=_("You do not follow this order any more."),
        elsewhere=True,
    ),
    "follow-up": TransitionSpec(
        gettext_lazy("Follow up"),
        services.set_follow_up,
        OPERATE,
        form=FollowUpForm,
        initial=_planned,
        consequences=lambda order: [
            gettext("On that day it stands on the first page, and who looks after it is told.")
        ],
        elsewhere=True,
    ),
    "followed-up": TransitionSpec(
        gettext_lazy("Followed up"),
        services.end_follow_up,
        OPERATE,
        when=lambda order: follow_up_of(order) is not None,
        consequences=lambda order: [gettext("The day is taken off; it stands in the history.")],
        elsewhere=True,
    ),
}


class WhoFilter(admin.SimpleListFilter):
    """By who looks after an order, or follows it."""

    title = _("who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name me, nobody, and the colleagues."""
        staff = User.objects.filter(is_staff=True, is_active=True).exclude(pk=request.user.pk)
        names = staff.order_by("first_name", "last_name", "username")[:MOST_NAMED]
        people = [(f"user-{one.pk}", one.get_full_name() or one.get_username()) for one in names]
        mine = [("mine", gettext("Mine")), ("followed", gettext("Followed by me")), ("nobody", gettext("Nobody's"))]
        return [*mine, *people]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Order]") -> "QuerySet[Order]":
        """Return the orders of those people."""
        wanted = self.value() or ""
        if wanted == "mine":
            return queryset.filter(assignee=request.user.pk)
        if wanted == "followed":
            return queryset.filter(pk__in=Follower.objects.filter(user=request.user.pk).values("order"))
        if wanted == "nobody":
            return queryset.filter(assignee=None)
        number = wanted.removeprefix("user-")
        known = wanted.startswith("user-") and number.isdecimal() and len(number) < 19
        return queryset.filter(assignee=int(number)) if known else queryset


class FollowUpFilter(admin.SimpleListFilter):
    """By the day on which an order is looked at again."""

    title = _("follow-up")
    parameter_name = "follow_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name what is due, and what is to come."""
        return [("due", gettext("Today")), ("later", gettext("Later"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Order]") -> "QuerySet[Order]":
        """Return the orders with such a day."""
        day = seat.today()
        rows = {"due": FollowUp.objects.filter(on__lte=day), "later": FollowUp.objects.filter(on__gt=day)}
        wanted = self.value()
        return queryset.filter(pk__in=rows[wanted].values("order")) if wanted in rows else queryset
