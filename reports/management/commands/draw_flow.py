"""`manage.py draw_flow`: write the flow chart of the handbook from the state machines."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from reports import flow

FOLDER = Path("docs/states")


class Command(BaseCommand):
    """Writes docs/states/; a test fails when it was forgotten."""

    help = "Write docs/states/how-an-order-flows.md and order-machine.svg from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files."""
        folder = settings.BASE_DIR / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with translation.override("en"):
            (folder / "how-an-order-flows.md").write_text(flow.as_markdown(), encoding="utf-8")
            (folder / "order-machine.svg").write_text(flow.draw_order_machine(), encoding="utf-8")
        self.stdout.write(f"Wrote {FOLDER}/how-an-order-flows.md and {FOLDER}/order-machine.svg")
