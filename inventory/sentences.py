"""What the shelves write down for people, word for word; readers see it in their language."""

from core.sentences import gettext_noop, sentence

BIN_EMPTY = sentence(gettext_noop("Bin is empty"))
