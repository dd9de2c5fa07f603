"""Making a backup."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.backup.archive import FILES, pack
from core.backup.looking import lost_files
from core.backup.manifest import FORMAT, BackupRefused, Manifest, Part, Snapshot, code_version, secret_key_mark
from core.backup.places import Engine, bench, engine_in_use
from core.backup.telling import Teller, megabytes

NOT_IN_IT = (
    "SECRET_KEY is not in it, keep it elsewhere: with another one sessions and links in mails end, "
    "and authenticator apps have to be set up anew."
)


@dataclass(frozen=True)
class _Description:
    """What is known of an archive before its parts are."""

    snapshot: Snapshot
    engine: Engine
    made_at: datetime

    def with_parts(self, parts: dict[str, Part]) -> Manifest:
        """Return the manifest."""
        return Manifest(
            format=FORMAT,
            version=code_version(),
            made_at=self.made_at.isoformat(timespec="seconds"),
            engine=self.engine.vendor,
            server=self.snapshot.server,
            demo=self.snapshot.demo,
            secret_key=secret_key_mark(settings.SECRET_KEY),
            migrations=self.snapshot.migrations,
            rows=self.snapshot.rows,
            parts=parts,
        )


def make_backup(target: Path, tell: Teller) -> Manifest:
    """Write the database and the files of the business into one archive that only its owner may read.

    Raises BackupRefused, and leaves what was at the place before. What is there in the end is whole.
    """
    engine = engine_in_use(tell)
    with bench(target.parent) as place:
        snapshot = engine.snapshot(place)
        description = _Description(snapshot, engine, datetime.now(UTC))
        archive = place / "archive"
        try:
            manifest = pack(archive, snapshot.path, Path(settings.MEDIA_ROOT), description.with_parts, tell)
            archive.chmod(0o600)
            archive.replace(target)
        except OSError as error:
            raise BackupRefused(f"{target} cannot be written ({error})") from None
    _say(manifest, snapshot, target, tell)
    return manifest


def _say(manifest: Manifest, snapshot: Snapshot, target: Path, tell: Teller) -> None:
    rows, files = sum(manifest.rows.values()), len(manifest.parts) - 1
    size = megabytes(target.stat().st_size)
    tell.say(f"Backed up {manifest.server}: {rows:,} rows in {len(manifest.rows)} tables, {files:,} files, {size}.")
    if lost := lost_files(snapshot.files, manifest.parts, FILES):
        tell.say(
            f"Attention: {len(lost)} files that the database names are missing or damaged in {settings.MEDIA_ROOT}, "
            f"so they are not in it: {', '.join(lost[:3])}{' …' if len(lost) > 3 else ''}"
        )
    tell.say(NOT_IN_IT)
