"""Prepare an installation: channels, ways of delivery, tax rates."""

from typing import Any

from django.core.management.base import BaseCommand

from core.actors import SYSTEM
from pricing import services as pricing


class Command(BaseCommand):
    """Make sure that an order can be placed. What is there already stays as it is."""

    help = "Make sure that channels, a price list, shipping methods and tax rates exist."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the service."""
        pricing.ensure_defaults(actor=SYSTEM)
        self.stderr.write("Channels, price list, shipping methods and tax rates are there.")
