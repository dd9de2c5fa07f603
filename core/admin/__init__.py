"""The back office: what is registered here, and what apps register into (see the modules)."""

from core.admin import bulk_pages, debts, keys, log, mails, people, retention

__all__ = ["bulk_pages", "debts", "keys", "log", "mails", "people", "retention"]
