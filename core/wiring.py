"""What is connected at start: loaded once by the app registry."""

from core import tasks
from core.service import on_new_debts


def connect() -> None:
    """Let every commit with debts wake a worker."""
    on_new_debts(tasks.nudge)
