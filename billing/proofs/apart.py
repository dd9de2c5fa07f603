"""Processes of their own that work on the database, and may be killed at any moment."""

import multiprocessing
import os
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
from django.conf import settings
from django.db import connection

PRELOAD = ["billing.proofs.ready"]


def begin(function: str, *arguments: Any) -> Any:
    """Call `package.module:function` in a process of its own, and return the process.

    Forked from one that has made Django ready and holds no connection: a killed one is quickly replaced.
    """
    os.environ.setdefault("SECRET_KEY", settings.SECRET_KEY)
    os.environ["DATABASE_URL"] = address()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    process = context.Process(target=_child, args=(function, arguments), daemon=True)
    process.start()
    return process


def run_all(function: str, arguments: list[tuple[Any, ...]]) -> None:
    """Call it once for each tuple, all at once. Raises RuntimeError where one of them fails."""
    processes = [begin(function, *one) for one in arguments]
    for process in processes:
        process.join()
    if failed := [process.exitcode for process in processes if process.exitcode]:
        raise RuntimeError(f"{len(failed)} processes failed; what they said stands above")


def _child(function: str, arguments: tuple[Any, ...]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
    django.setup()
    module, name = function.split(":")
    getattr(import_module(module), name)(*arguments)
    connection.close()


def address() -> str:
    """Return the address of the database we are connected to, for another process."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(known['NAME'])}"
    return address_of(str(known["NAME"]))


def address_of(name: str) -> str:
    """Return the address of another database beside the configured one."""
    known = connection.settings_dict
    user = ":".join(quote(str(known[part]), safe="") for part in ("USER", "PASSWORD") if known.get(part))
    port = f":{known['PORT']}" if known.get("PORT") else ""
    return f"postgres://{user}{'@' if user else ''}{known.get('HOST') or ''}{port}/{name}"
