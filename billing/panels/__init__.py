"""What billing adds to pages: money, documents and papers; reminders; files of the books."""

from . import evidence, exports, ledger, money, payouts, preliminary, reminders, store_credit
from .money import OPERATE, VIEW, money_on_page

__all__ = [
    "OPERATE",
    "VIEW",
    "evidence",
    "exports",
    "ledger",
    "money",
    "money_on_page",
    "payouts",
    "preliminary",
    "reminders",
    "store_credit",
]
