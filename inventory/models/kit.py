"""What a kit is made of."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .catalog import Product


class KitPart(models.Model):
    """Units of a stocked product that are in every unit of a kit. Orders keep the parts they were placed with."""

    kit = models.ForeignKey(Product, models.CASCADE, related_name="parts", verbose_name=_("kit"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="part_of", verbose_name=_("part"))
    per = models.PositiveIntegerField(_("units per kit"), default=1)

    class Meta:
        verbose_name = _("part of a kit")
        verbose_name_plural = _("parts of a kit")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["kit", "product"], name="a_kit_names_each_part_once"),
            models.CheckConstraint(condition=Q(per__gte=1), name="a_part_is_in_its_kit"),
            models.CheckConstraint(condition=~Q(kit=F("product")), name="a_kit_is_no_part_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.per} × {self.product_id}"


class FormerPart(models.Model):
    """What was in a kit once: an order placed then may still wait for it."""

    kit = models.ForeignKey(Product, models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kit", "product"], name="a_former_part_is_named_once")]

    def __str__(self) -> str:
        return f"{self.product_id} was in {self.kit_id}"
