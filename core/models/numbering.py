"""Series of document numbers."""

from django.db import models


class NumberSeries(models.Model):
    """The last number given in a series; its row is the lock that keeps the series without gap."""

    key = models.CharField(max_length=80, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)
    # Of a series that is chained: the hash over the last one and all before it.
    seal = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.key}: {self.last}"
