"""The database and the files in one archive. Its path is the only line of stdout."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.backup.making import make_backup
from core.backup.manifest import BackupRefused
from core.backup.places import place_for_archive
from core.backup.telling import Teller


class Command(BaseCommand):
    """Run by `./run backup`, also while the server runs."""

    help = "Back up the database and the files into one archive; prints its path."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the place of the archive."""
        parser.add_argument("file", nargs="?", help="where to; without, DATA_DIR/backups/<date>.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say where it is."""
        tell = Teller(self.stderr)
        try:
            target = place_for_archive(options["file"])
            make_backup(target, tell)
        except BackupRefused as error:
            tell.clear()
            raise CommandError(error.message) from None
        self.stdout.write(str(target))
