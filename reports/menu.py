"""Where the reports stand in the back office."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation
from reports.worth_views import SEES


def register() -> None:
    """Add the figures, the flow map, what checks are worth, and the flow chart."""
    group = _("Reports")
    navigation.register(
        group, _("Figures"), "reports:figures", permission="orders.view_order", order=800, icon="chart", keys="g f"
    )
    navigation.register(group, _("Flow map"), "reports:pace", permission="orders.view_order", order=805, icon="chart")
    navigation.register(
        group, _("How an order flows"), "reports:flow", permission="orders.view_order", order=810, icon="chart"
    )
    navigation.register(group, _("Checks"), "reports:checks", permission=SEES, order=807, icon="chart")
