"""Databases of their own to back up and to restore into: copies of that of the tests, and empty ones."""

import contextlib
import gzip
import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.test import override_settings

from billing.models import Invoice
from core.backup import looking
from core.backup.archive import Sealed
from core.models import EventRecord
from inventory.models import StockItem
from orders.models import Order
from pricing import reference


class House:
    """A database and a folder of files; while it is open, Django works there."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.files = folder / "files"

    @contextlib.contextmanager
    def open(self) -> Iterator["House"]:
        """Work in it."""
        with (
            override_settings(DATA_DIR=self.folder, MEDIA_ROOT=self.files),
            looking.working_on(NAME=self.database),
        ):
            ContentType.objects.clear_cache()
            reference._kept.drop()
            try:
                yield self
            finally:
                ContentType.objects.clear_cache()
                reference._kept.drop()

    def holds(self) -> dict[str, str]:
        """Return everything that is in it: a checksum for each table, and for the files."""
        with self.open():
            tables = sorted(connection.introspection.table_names())
            found = {table: checksum(looking.ask(f'SELECT * FROM "{table}" ORDER BY 1')) for table in tables}
        return {**found, "files": checksum(self.stored())}

    def stored(self) -> list[tuple[str, bytes]]:
        """Return its files."""
        paths = [path for path in sorted(self.files.rglob("*")) if path.is_file()]
        return [(str(path.relative_to(self.files)), path.read_bytes()) for path in paths]

    def marker(self) -> Path:
        """Return what `./run demo` leaves beside its SQLite file."""
        return Path(f"{self.database}.demo")


class Street:
    """Builds houses, and tears them down."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names, self.template = folder, [], str(connection.settings_dict["NAME"])

    def copy(self, name: str = "", *, of: House | None = None) -> House:
        """Build one that is like another; else one that is migrated like the database of the tests."""
        template = of.database if of else self.template
        house = self.empty(name, template=template)
        if of:
            shutil.copytree(of.files, house.files)
        if connection.vendor == "sqlite":
            with (
                contextlib.closing(sqlite3.connect(template)) as source,
                contextlib.closing(sqlite3.connect(house.database)) as target,
            ):
                source.backup(target)
        return house

    def empty(self, name: str = "", *, template: str = "") -> House:
        """Build one without a table."""
        name = f"{name or 'house'}_{uuid.uuid4().hex[:8]}"
        folder = self.folder / name
        folder.mkdir()
        if connection.vendor == "sqlite":
            return House(str(folder / "db.sqlite3"), folder)
        self.names.append(name)
        # A database is copied only while nobody uses it.
        connection.close()
        connection.close_pool()
        self.administer(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return House(name, folder)

    def administer(self, statement: str, database: str = "postgres") -> None:
        """Do what is done outside of our connection."""
        known = connection.settings_dict
        where = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
        with psycopg.connect(dbname=database, autocommit=True, **where) as server:
            server.execute(statement)

    def tear_down(self) -> None:
        """Leave nothing behind."""
        for name in self.names:
            self.administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def checksum(rows: list[Any]) -> str:
    """Return what is the same for the same rows."""
    return f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"


def sums() -> dict[str, Any]:
    """Return the figures that a business would look at first."""
    orders = Order.objects.aggregate(total=Sum("total"), paid=Sum("paid_total"))
    invoices = Invoice.objects.aggregate(total=Sum("total"))
    stock = StockItem.objects.aggregate(there=Sum("on_hand"), promised=Sum("reserved"))
    return {
        "orders": (Order.objects.count(), orders["total"], orders["paid"]),
        "invoices": (Invoice.objects.count(), invoices["total"]),
        "stock": (stock["there"], stock["promised"]),
        "history": EventRecord.objects.count(),
    }


def command(*arguments: str) -> tuple[str, str]:
    """Call a management command; returns what it said on stdout and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def contents(archive: Path) -> dict[str, bytes]:
    """Return the parts of an archive in their order."""
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def packed(target: Path, parts: dict[str, bytes], *more: tarfile.TarInfo, sealed: bool = True) -> Path:
    """Write an archive of these parts, as somebody would who knows how."""
    with target.open("wb") as file:
        written = Sealed(file)
        with gzip.GzipFile(fileobj=written, mode="wb") as plain, tarfile.open(fileobj=plain, mode="w") as tar:
            for entry in more:
                tar.addfile(entry, io.BytesIO(b"x" * entry.size))
            for name, content in parts.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        if sealed:
            written.seal()
    return target


def repacked(archive: Path, target: Path, change: Callable[[dict[str, Any]], None], *, sealed: bool = True) -> Path:
    """Write an archive whose manifest says something else."""
    parts = contents(archive)
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    return packed(target, {**parts, "manifest.json": json.dumps(manifest).encode()}, sealed=sealed)
