"""Returns in the back office."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation
from orders import categories

from . import finding, policies, remedies, returns, today

__all__ = ["finding", "policies", "remedies", "returns", "today"]

categories.register("parcel_arrived_twice", _("parcel arrived after it was settled"))

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
