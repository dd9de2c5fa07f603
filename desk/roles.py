"""The roles that every installation starts with: groups, and what each may see and do."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

# `app.*` is every view permission of an app, `app.+` everything in it.
ROLES: dict[str, tuple[str, ...]] = {
    "Order desk": (
        "orders.+",
        "customers.+",
        "returns.+",
        "inventory.*",
        "fulfillment.*",
        "billing.*",
        "core.view_outgoingmail",
        "core.change_outgoingmail",
        "core.share_view",
    ),
    "Warehouse": ("fulfillment.+", "inventory.+", "returns.+", "orders.view_order", "core.share_view"),
    "Finance": ("billing.+", "orders.*", "customers.+", "returns.*", "core.view_outgoingmail", "core.share_view"),
    "Manager": (
        "orders.+",
        "customers.+",
        "pricing.+",
        "inventory.*",
        "fulfillment.*",
        "billing.*",
        "returns.*",
        "core.view_outgoingmail",
        "core.view_eventrecord",
        "core.share_view",
        "core.manage_shared_view",
    ),
}


def ensure_roles(*, again: bool = False) -> None:
    """Make the groups that are missing; with `again` the others, too, may what is said here and no more."""
    for name, wanted in ROLES.items():
        group, created = Group.objects.get_or_create(name=name)
        if created or again:
            group.permissions.set(Permission.objects.filter(_query(wanted)))


def _query(wanted: tuple[str, ...]) -> Q:
    query = Q(pk__in=[])
    for permission in wanted:
        app, codename = permission.split(".")
        named = {"*": Q(codename__startswith="view_"), "+": Q()}.get(codename, Q(codename=codename))
        query |= Q(content_type__app_label=app) & named
    return query
