"""Where the pages of the desk stand in the back office, and what Today says of them."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import today
from core.admin import commands, landing, navigation
from desk.selectors import first_start
from desk.views.closing import SEES
from desk.views.gate import OPERATE

SETS_UP = "core.add_user"
FIRST = 10


def register() -> None:
    """Add the places of the desk."""
    navigation.register(
        _("Orders"),
        _("Walk-in"),
        "desk:walk-in",
        permission="orders.sell_at_counter",
        order=120,
        icon="list",
        keys="g b",
    )
    navigation.register(
        _("Orders"), _("Daily close"), "desk:close", permission=SEES, order=140, icon="check", keys="g z"
    )
    navigation.register(
        navigation.SETTINGS, _("First start"), "desk:first-start", permission=SETS_UP, order=995, icon="gear"
    )
    order = {"url_name": "desk:new-order", "permission": OPERATE, "order": FIRST}
    commands.register("desk.new-order", _("New order"), keys="c", icon="plus", prominent=True, **order)
    parked = {"url_name": "desk:parked", "permission": OPERATE, "order": FIRST + 2}
    commands.register("desk.parked", _("Parked drafts"), keys="g d", icon="clock", **parked)
    landing.register(first_start_page)
    today.headline(order=95, permission=SETS_UP)(first_start_left)


def first_start_page(user: Any) -> str:
    """Lead who sets the house up to the first start until it is done, put away, or overtaken by real work."""
    return reverse("desk:first-start") if user.has_perm(SETS_UP) and first_start.left() else ""


def first_start_left() -> today.Headline | None:
    """Say in one line how much of the first start is left."""
    if not (left := first_start.left()):
        return None
    said = ngettext("%(n)s thing is left of the first start.", "%(n)s things are left of the first start.", left)
    return today.Headline(said % {"n": left}, url=reverse("desk:first-start"))
