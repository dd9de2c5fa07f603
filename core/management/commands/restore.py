"""An archive in the place of what is there, or nothing changed. Exit code 0: it is restored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.backup.manifest import BackupRefused
from core.backup.places import named_by_the_caller
from core.backup.restoring import restore
from core.backup.telling import Teller


class Command(BaseCommand):
    """Run by `./run restore`, which sees to it that no server runs."""

    help = "Restore the database and the files from an archive of `backup`."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive."""
        parser.add_argument("file", help="an archive that `backup` wrote")
        parser.add_argument("--force", action="store_true", help="replace the data that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it and say what was done."""
        tell = Teller(self.stderr)
        try:
            restore(named_by_the_caller(options["file"]), force=options["force"], tell=tell)
        except BackupRefused as error:
            tell.clear()
            raise CommandError(error.message) from None
