"""Groups of customers who are treated alike."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin.base import BackOfficeAdmin
from core.admin.columns import code_column
from core.admin.site import site
from customers import services
from customers.models import CustomerGroup


def create_group(values: dict[str, Any], *, actor: Actor) -> CustomerGroup:
    """Name a group, as the form says."""
    return services.create_group(values["code"], values["name"], actor=actor)


@admin.register(CustomerGroup, site=site)
class CustomerGroupAdmin(BackOfficeAdmin):
    """Consumers, wholesale, staff."""

    is_small = True
    list_display = ("name", code_column("code"))
    ordering = ("name",)
    create_fields = ("code", "name")
    editable = ("name",)
    create_service = staticmethod(create_group)
    empty_text = _("No groups yet. Add one to treat some customers alike.")
