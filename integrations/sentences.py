"""What an import leaves to people; each reader gets it in his own language."""

from core.sentences import gettext_noop, sentence

NO_SALE = sentence(gettext_noop("Cancellation %(document)s: no sale found for %(n)s row(s)"))
