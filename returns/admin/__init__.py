"""Returns in the back office."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import finding, policies, returns, today

__all__ = ["finding", "policies", "returns", "today"]

navigation.register(
    _("Returns"),
    _("Returns"),
    "admin:returns_returnrequest_changelist",
    permission="returns.view_returnrequest",
    order=400,
    icon="back",
    keys="g r",
)
navigation.register(
    navigation.SETTINGS,
    _("Return policies"),
    "admin:returns_returnpolicy_changelist",
    permission="returns.view_returnpolicy",
    order=920,
    icon="gear",
)
