"""The six people of the demo, and what each of them may do."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils.translation import gettext_lazy as _

from core.models import User

PASSWORD = "kettle"  # noqa: S105 - printed on the first page of the demo


@dataclass(frozen=True)
class Persona:
    """Somebody to be with one click."""

    username: str
    name: str
    job: Any
    text: Any
    start: str
    group: str = ""


PERSONAS = (
    Persona(
        "maya",
        "Maya Lindner",
        _("Order desk"),
        _("What is late, what comes next, who is calling."),
        "/admin/",
        "Order desk",
    ),
    Persona(
        "tom",
        "Tom Petersen",
        _("Warehouse"),
        _("What to pick, pack and ship today."),
        "/admin/fulfillment/fulfillmentorder/?stage=open",
        "Warehouse",
    ),
    Persona(
        "ines",
        "Ines Costa",
        _("Finance"),
        _("Invoices, payments, refunds, what is overdue."),
        "/admin/billing/invoice/",
        "Finance",
    ),
    Persona("ada", "Ada Byron", _("Manager"), _("Figures, and how orders flow."), "/reports/", "Manager"),
    Persona("lena", "Lena Fischer", _("Customer"), _("Orders tea, follows parcels, sends a mug back."), "/orders/"),
)


def make_staff() -> None:
    """Create the people of the back office, and an administrator."""
    # Called by name: the demo and the desk are neighbours and do not know each other.
    call_command("ensure_roles", again=True)
    groups = {group.name: group for group in Group.objects.all()}
    for persona in PERSONAS:
        if not persona.group:
            continue
        first, _space, last = persona.name.partition(" ")
        user, created = User.objects.get_or_create(
            username=persona.username,
            defaults={
                "first_name": first,
                "last_name": last,
                "email": f"{persona.username}@kettle.example",
                "is_staff": True,
            },
        )
        if created:
            user.set_password(PASSWORD)
            user.save()
        user.groups.set([groups[persona.group]])
    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", "admin@kettle.example", PASSWORD, first_name="Admin")
