"""A fuse: what just failed is left alone for a while, so that nobody waits for it again and again."""

import time
from dataclasses import dataclass

PAUSE = 30.0


@dataclass
class Circuit:
    """Closed while things work; open for `pause` seconds after a failure."""

    pause: float = PAUSE
    open_until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether to leave it alone now."""
        return time.monotonic() < self.open_until

    def failed(self) -> None:
        """Leave it alone from now on."""
        self.open_until = time.monotonic() + self.pause

    def close(self) -> None:
        """Try again at once."""
        self.open_until = 0.0
