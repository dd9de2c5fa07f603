"""What a long command says while it works: to stderr, because stdout holds its answer alone."""

import time

from django.core.management.base import OutputWrapper

FIRST, AGAIN = 1.0, 0.1


class Teller:
    """Says lines that stay and, in a terminal, how far a step is when it takes longer than a second."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out
        self.shown = False
        self.next = time.monotonic() + FIRST

    def say(self, text: str) -> None:
        """Write a line; what follows is another step."""
        self.clear()
        self.out.write(text, str)
        self.next = time.monotonic() + FIRST

    def at(self, text: str) -> None:
        """Show how far the present step is."""
        if time.monotonic() < self.next or not self.out.isatty():
            return
        self.clear()
        self.out.write(f"  {text}", str, ending="")
        self.out.flush()
        self.shown, self.next = True, time.monotonic() + AGAIN

    def clear(self) -> None:
        """Take away what is shown of a step that did not end."""
        if self.shown:
            self.out.write("\r\033[K", str, ending="")
            self.shown = False


def megabytes(size: int) -> str:
    """Return a size in words."""
    return f"{size / 1_000_000:,.1f} MB"
