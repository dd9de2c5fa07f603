"""Who looks after an order, who follows it, and when it is looked at again."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext

from core.panels import panel
from orders.models import Follower, Order

ORDER = "orders.order"
OPERATE = "orders.operate_order"
NAMED = 5


@panel(ORDER, order=61)
def together(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]]:
    """Show the people, and what everybody may do about it."""
    followers = list(Follower.objects.filter(order=order).select_related("user").order_by("pk"))
    names = [one.user.get_full_name() or one.user.get_username() for one in followers]
    follow_up = getattr(order, "follow_up", None)
    owner = order.assignee
    context = {
        "title": pgettext("an order", "People"),
        "side": True,
        "pinned": True,
        "owner": (owner.get_full_name() or owner.get_username()) if owner else "",
        "is_mine": order.assignee_id == request.user.pk,
        "followers": names[:NAMED],
        "more_followers": max(0, len(names) - NAMED),
        "follows": any(one.user_id == request.user.pk for one in followers),
        "follow_up": follow_up,
        "is_due": follow_up is not None and follow_up.on <= timezone.localdate(),
        "may": request.user.has_perm(OPERATE),
        "here": request.path,
        "do": {
            name.replace("-", "_"): reverse("admin:orders_order_do", args=[order.pk, name])
            for name in ("hand-over", "take-it", "follow", "unfollow", "follow-up", "followed-up")
        },
    }
    return "orders/panels/together.html", context
