"""The six people of the demo, and the role of each."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import roles
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
    role: str = ""


PERSONAS = (
    Persona(
        "maya",
        "Maya Lindner",
        _("Order desk"),
        _("What is late, what comes next, who is calling."),
        "/admin/",
        "desk",
    ),
    Persona(
        "tom",
        "Tom Petersen",
        _("Warehouse"),
        _("What to pick, pack and ship today."),
        "/admin/",
        "warehouse",
    ),
    Persona(
        "ines",
        "Ines Costa",
        _("Finance"),
        _("Invoices, payments, refunds, what is overdue."),
        "/admin/",
        "finance",
    ),
    Persona("ada", "Ada Byron", _("Manager"), _("Figures, and how orders flow."), "/admin/", "manager"),
    Persona("lena", "Lena Fischer", _("Customer"), _("Orders tea, follows parcels, sends a mug back."), "/orders/"),
)


def make_staff() -> None:
    """Create the people of the back office, and an administrator."""
    roles.ensure_roles()
    for persona in PERSONAS:
        if not persona.role:
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
        user.groups.set(filter(None, [roles.group_of(persona.role)]))
    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", "admin@kettle.example", PASSWORD, first_name="Admin")
