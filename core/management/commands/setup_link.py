"""Print the link by which the first administrator of a new installation is made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import first_administrator
from core.errors import DomainError


class Command(BaseCommand):
    """The link alone is the last line of stdout; everything else goes to stderr."""

    help = "Print the link that makes the first administrator. It works once, for a day; the one before ends."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether it is an error when nobody needs it."""
        parser.add_argument("--if-needed", action="store_true", help="say nothing where there is an administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print it."""
        if options["if_needed"] and not first_administrator.is_missing():
            return
        try:
            link = first_administrator.make_link()
        except DomainError as error:
            raise CommandError(f"{error.message}; they add the others under System, Users.") from None
        self.stderr.write("Nobody can sign in yet. Open this within a day to make the first administrator:")
        self.stdout.write(link)
