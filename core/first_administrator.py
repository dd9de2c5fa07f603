"""The first administrator of a new installation: made by a link that only its operator has.

The link is printed by `./run serve` and by `./run manage setup_link`. It works once, for a day, and no longer
than until there is somebody who may do everything. Opening it changes nothing.
"""

from dataclasses import dataclass

from django.urls import reverse

from core import links
from core.actors import Actor
from core.errors import Conflict
from core.models import User
from core.service import note_change, service

PURPOSE = "first_administrator"
THREAD = "core.user:first"
GOOD_FOR_MINUTES = 24 * 60


class AdministratorExists(Conflict):
    """Whoever may do everything is there already; they add the others."""

    code = "administrator_exists"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who the first administrator is. They sign in by their mail address."""

    name: str
    email: str
    password: str
    language: str
    time_zone: str = ""


def is_missing() -> bool:
    """Whether nobody may do everything yet."""
    return not User.objects.filter(is_superuser=True).exists()


@service
def make_link() -> str:
    """Return the address of the set-up; the ones that were made before work no longer."""
    if not is_missing():
        raise AdministratorExists("There is an administrator already")
    links.revoke_access_links(THREAD)
    token = links.make_access_link(PURPOSE, THREAD, minutes=GOOD_FOR_MINUTES)
    return links.absolute(reverse("admin:first_administrator", args=[token]))


def is_open(token: str) -> bool:
    """Whether the set-up may be done with this link; asked on GET, changes nothing."""
    return is_missing() and links.peek_access_link(token, PURPOSE) is not None


@service
def create(token: str, person: Person) -> User:
    """Spend the link and make the first administrator. Raises LinkSpent or AdministratorExists."""
    links.use_access_link(token, PURPOSE)
    if not is_missing():
        raise AdministratorExists("There is an administrator already")
    first, _space, last = person.name.strip().partition(" ")
    user = User.objects.create_superuser(
        person.email.lower(),
        person.email,
        person.password,
        first_name=first,
        last_name=last.strip(),
        language=person.language,
        time_zone=person.time_zone,
    )
    note_change(
        user, "core.user.created", actor=Actor("operator"), after={"username": user.username, "is_superuser": "True"}
    )
    return user
