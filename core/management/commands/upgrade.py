"""From the data of an earlier version to that of this code. The path of the backup is the only line of stdout."""

import io
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core.backup.looking import breaches
from core.backup.making import make_backup
from core.backup.manifest import BackupRefused
from core.backup.places import engine_in_use, place_for_archive
from core.backup.telling import Teller

GO_BACK = """{step} failed: {error}

The data as it was before is in {archive}. To go back to it:
  git checkout <the version you came from>     # git reflog lists it
  ./run restore --force {archive}"""
NO_WAY_BACK = "{step} failed: {error}\nThe database was empty before, so there is no backup to go back to."


class Command(BaseCommand):
    """Run by `./run upgrade` when the packages that this code needs are installed."""

    help = "Back up, migrate, collect the static files, check the invariants. Safe to repeat."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one after the other; say how to go back when one fails."""
        tell = Teller(self.stderr)
        archive = self._back_up(tell)
        steps: list[tuple[str, Callable[[], None]]] = [
            ("Migrating the database", lambda: self._migrate(tell)),
            ("Collecting the static files", self._collect),
            ("Checking what must always be true", lambda: self._check(tell)),
        ]
        for step, do in steps:
            try:
                do()
            except Exception as error:
                tell.clear()
                if not isinstance(error, CommandError):
                    tell.say(traceback.format_exc())
                said = GO_BACK if archive else NO_WAY_BACK
                raise CommandError(said.format(step=step, error=error, archive=archive)) from None
        tell.say("Up to date. Start ./run serve again.")

    def _back_up(self, tell: Teller) -> Path | None:
        try:
            if not engine_in_use(tell).occupied():
                tell.say("The database is empty: there is nothing to back up.")
                return None
            archive = place_for_archive(None)
            make_backup(archive, tell)
        except BackupRefused as error:
            tell.clear()
            raise CommandError(f"{error.message}\nWithout a backup nothing was changed.") from None
        self.stdout.write(str(archive))
        self.stdout.flush()
        return archive

    def _migrate(self, tell: Teller) -> None:
        said = io.StringIO()
        call_command("migrate", interactive=False, verbosity=1, no_color=True, stdout=said)
        applied = [line.split()[1].removesuffix("...") for line in said.getvalue().splitlines() if "... OK" in line]
        tell.say(f"Migrated: {', '.join(applied)}" if applied else "The database was up to date already.")

    def _collect(self) -> None:
        if Path(settings.STATIC_ROOT).exists():
            call_command("collectstatic", interactive=False, verbosity=0)

    def _check(self, tell: Teller) -> None:
        if broken := breaches(tell):
            raise CommandError("this is not as it must be:\n  " + "\n  ".join(broken))
        tell.say("Everything that must always be true is true.")
