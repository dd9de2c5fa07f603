"""The shop that stands: opened once for the tests of a module, and found by each as if it had been opened for it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import translation

from pricing import services as pricing
from tests.factories.shop import Shop, make_shop


class StandingShop:
    """A transaction around the tests of a module that stand on `shop`, in which it was opened.

    Each of them has a savepoint in it, so what it changes is undone. Whoever commits, or opens a world of his own,
    finds an empty house as ever.
    """

    def __init__(self) -> None:
        self._module: Any = None
        self._close: Callable[[], None] | None = None
        self._shop: Shop | None = None

    def is_wanted_by(self, item: Any) -> bool:
        """Whether a test asks for our `shop`, and none of what it does is committed."""
        fixtures = getattr(item, "fixturenames", ())
        marks = item.get_closest_marker("django_db")
        commits = {"transactional_db", "live_server", "django_db_reset_sequences", "lasting"} & set(fixtures)
        if "shop" not in fixtures or commits or (marks and (marks.args or marks.kwargs)):
            return False
        return bool(item._fixtureinfo.name2fixturedefs["shop"][-1].baseid == "tests")

    def leave(self, item: Any) -> None:
        """Close it before a test that is not to find it."""
        if self._close and (item.module is not self._module or not self.is_wanted_by(item) or self._is_broken()):
            self.close()

    def open(self, item: Any, unblocked: Callable[[], AbstractContextManager[None]]) -> None:
        """Open it, where it is not open yet, as it is opened alone."""
        if self._close:
            return
        cache.clear()
        translation.activate(settings.LANGUAGE_CODE)
        around = transaction.atomic()
        # As around a test: what may stand in no other transaction stands in this one.
        around._from_testcase = True  # type: ignore[attr-defined]

        def close() -> None:
            with unblocked():
                transaction.set_rollback(True)
                around.__exit__(None, None, None)

        with unblocked():
            around.__enter__()
            self._module, self._close = item.module, close
            self._shop = make_shop()

    def lend(self) -> Shop:
        """Return it to a test, with rows of its own, and nothing kept that was read for another."""
        pricing.forget()
        return deepcopy(self._shop) if self._shop else make_shop()

    def close(self) -> None:
        """Undo it, where it is open."""
        close, self._close, self._shop, self._module = self._close, None, None, None
        if close:
            close()

    def _is_broken(self) -> bool:
        return bool(connection.closed_in_transaction or connection.needs_rollback)


standing = StandingShop()
