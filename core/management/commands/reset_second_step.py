"""Take somebody's second step away, where nobody can sign in any more who could do it in the back office."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import second_step
from core.actors import Actor
from core.models import User


class Command(BaseCommand):
    """Reset two-step sign-in: the last resort."""

    help = "Reset somebody's two-step sign-in. They are signed out everywhere, and get a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the person, and why."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="goes into the history and into the mail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset it."""
        name = options["username"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user {name!r}.")
        try:
            second_step.reset(user.pk, reason=options["reason"], actor=Actor("operator"))
        except second_step.SecondStepIsOff as error:
            raise CommandError(f"{name}: {error.message}.") from None
        self.stdout.write(f"{name} signs in by password alone again.")
