"""What every queryset of ours can do."""

from typing import Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class LockingQuerySet(models.QuerySet[M]):
    """A queryset that can lock its rows for a change."""

    def locked(self) -> Self:
        """Lock the rows in primary-key order, so that two changes can never deadlock.

        NO KEY UPDATE leaves inserts of child rows free; SQLite has no row locks and needs
        none, because its write transactions run one after the other.
        """
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)


LockingManager = models.Manager.from_queryset(LockingQuerySet)
