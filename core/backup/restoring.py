"""The way back: everything is checked aside before anything that is there is touched."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from core.backup import looking
from core.backup.archive import FILES, unpack
from core.backup.manifest import BackupRefused, Manifest, code_version
from core.backup.places import ENGINES, Engine, bench, engine_in_use, put_files_back
from core.backup.telling import Teller
from core.models import Delivery

NOTHING = "Nothing was changed."
SHOWN = 4


def restore(archive: Path, *, force: bool, tell: Teller) -> None:
    """Put the database and the files of an archive in the place of what is there.

    The files come first and the database last, in one step: until then, and after a crash, the old one is in use.
    With `force` what is there is replaced, and truths that do not hold in the archive are only told.
    Raises BackupRefused; then nothing was changed.
    """
    engine = engine_in_use(tell)
    if not archive.is_file():
        raise BackupRefused(f"{archive} is no file. {NOTHING}")
    _refuse_to_lose_data(engine, force=force)
    engine.refuse_company()
    root = Path(settings.MEDIA_ROOT)
    with bench(root.parent) as place:
        manifest = _unpacked(archive, place, tell)
        _refuse_foreign(manifest, engine)
        with engine.aside(place / engine.part) as aside:
            with aside.at_work():
                wrong = _bring_up_to_date(manifest, tell)
                due = Delivery.objects.filter(status=Delivery.Status.PENDING).count()
            if wrong and not force:
                raise BackupRefused(
                    f"What is in {archive} is not as it must be:\n  {_lines(wrong)}\n"
                    f"{NOTHING} With --force it is restored nevertheless."
                )
            put, total = put_files_back(place, root, tell)
            tell.say(f"{total:,} files are in {root}: {put:,} were put there, {total - put:,} were there before.")
            aside.take_over(demo=manifest.demo)
    _say(manifest, wrong, due, tell)


def _refuse_to_lose_data(engine: Engine, *, force: bool) -> None:
    if force or not (tables := engine.occupied()):
        return
    more = f" and {len(tables) - SHOWN} more tables" if len(tables) > SHOWN else ""
    raise BackupRefused(
        f"There is data in {engine.where} ({', '.join(tables[:SHOWN])}{more}). {NOTHING} "
        "With --force the archive replaces it; ./run backup keeps a copy of it first."
    )


def _unpacked(archive: Path, place: Path, tell: Teller) -> Manifest:
    try:
        manifest = unpack(archive, place, tell)
    except BackupRefused as error:
        raise BackupRefused(f"{archive} cannot be restored. {error.message}. {NOTHING}") from None
    tell.say(
        f"The archive is whole: {manifest.version} on {manifest.server}, {manifest.made_at}, "
        f"{len(manifest.parts)} parts as they were backed up."
    )
    return manifest


def _refuse_foreign(manifest: Manifest, engine: Engine) -> None:
    """Refuse what this code and this database cannot take."""
    if manifest.engine != engine.vendor:
        other = ENGINES[manifest.engine].title if manifest.engine in ENGINES else manifest.engine
        raise BackupRefused(
            f"The archive is of {other}, and {engine.where} is {engine.title}. {NOTHING} "
            f"Set DATABASE_URL to a database of {other}."
        )
    _here, known = looking.migrations_of_this_code()
    if unknown := sorted(set(manifest.migrations) - known):
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise BackupRefused(
            f"The archive is of a newer product, {manifest.version}; this is {code_version()} and does not know "
            f"{', '.join(unknown[:SHOWN])}{more}. {NOTHING} Bring the code up to date first (git pull)."
        )
    if manifest.demo and engine.occupied() and not engine.is_demo():
        raise BackupRefused(
            f"The archive is of a demo, and the data in {engine.where} is real. {NOTHING} "
            "Restore a demo into an empty database or into that of a demo."
        )


def _bring_up_to_date(manifest: Manifest, tell: Teller) -> list[str]:
    """Compare what came out with what went in, migrate it if it is older, and ask whether all is as it must be."""
    tables = set(connection.introspection.table_names())
    found = looking.counts(looking.ask, tables & manifest.rows.keys(), tell)
    if differing := sorted(name for name, rows in manifest.rows.items() if found.get(name) != rows):
        raise BackupRefused(f"Rows are missing in {', '.join(differing[:SHOWN])}. {NOTHING}")
    lost = looking.lost_files(looking.named_files(looking.ask, tables), manifest.parts, FILES)
    here, _known = looking.migrations_of_this_code()
    if missing := here - set(manifest.migrations):
        tell.say(f"The archive is older: {len(missing)} migrations bring it up to date ...")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except Exception as error:
            raise BackupRefused(f"It could not be migrated ({type(error).__name__}: {error}). {NOTHING}") from error
    wrong = looking.breaches(tell)
    if lost:
        wrong.append(f"{len(lost)} files that rows name are not in the archive: {', '.join(lost[:SHOWN])}")
    return wrong


def _say(manifest: Manifest, wrong: list[str], due: int, tell: Teller) -> None:
    rows = sum(manifest.rows.values())
    tell.say(f"Restored: {rows:,} rows in {len(manifest.rows)} tables, as of {manifest.made_at}.")
    if wrong:
        tell.say(f"Attention, it is not all as it must be:\n  {_lines(wrong)}")
    else:
        tell.say("Everything that must always be true is true.")
    if due:
        tell.say(
            f"{due} debts were due then (mails, payments, webhooks); ./run serve pays them, also those paid since."
        )
    if not manifest.has_our_secret_key():
        tell.say(
            "SECRET_KEY is another one than that of the backup: sessions and links in mails have ended, and "
            "authenticator apps have to be set up anew. Put the old one into .env to keep them."
        )
    if manifest.demo:
        tell.say("It is a demo: ./run demo shows it, ./run serve refuses it.")


def _lines(found: list[str]) -> str:
    return "\n  ".join(found)
