"""The back office: what is registered here, and what apps register into (see the modules)."""

from core.admin import debts, keys, log, mails, people

__all__ = ["debts", "keys", "log", "mails", "people"]
