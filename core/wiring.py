"""What is connected at start: called once by the app registry."""

from collections.abc import Callable
from types import ModuleType

from django.contrib.auth.signals import user_logged_in
from django.core.checks import Tags, register
from django.utils.module_loading import autodiscover_modules

from core.checks import check_settings
from core.service import on_new_debts
from core.sessions import note_sign_in
from core.truths import register_truths


def connect(*, handlers: ModuleType, nudge: Callable[[list[int]], None]) -> None:
    """Let every commit with debts wake a worker, and every command look at the settings first.

    `handlers` are connected by having been loaded.
    """
    register(check_settings, Tags.security)
    on_new_debts(nudge)
    # Django's word for a sign-in, whichever door it went through.
    user_logged_in.connect(note_sign_in, dispatch_uid="core.sessions.note_sign_in")
    register_truths()
    # Every app registers its tables, navigation and sections of the first page in its `admin` package, and the names
    # of its facts in `admin/facts.py`.
    autodiscover_modules("admin", "admin.facts")
