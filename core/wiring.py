"""What is connected at start: loaded once by the app registry."""

from django.core.checks import Tags, register

from core import tasks
from core.checks import check_settings
from core.service import on_new_debts


def connect() -> None:
    """Let every commit with debts wake a worker, and every command look at the settings first."""
    register(check_settings, Tags.security)
    on_new_debts(tasks.nudge)
