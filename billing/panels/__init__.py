"""What billing adds to pages: money, documents and papers; reminders."""

from . import ledger, money, preliminary, reminders
from .money import OPERATE, VIEW, money_on_page

__all__ = ["OPERATE", "VIEW", "ledger", "money", "money_on_page", "preliminary", "reminders"]
