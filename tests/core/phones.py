"""A phone with an authenticator app, and the clock it shares with us."""

import pyotp

from core import second_step
from core.actors import Actor


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self):
        self.now = 1_790_000_010.0

    def time(self):
        """Return the moment, as the module of this name does."""
        return self.now

    def forward(self, *, half_minutes):
        """Put the clock forward."""
        self.now += half_minutes * 30


class Phone:
    """An app that shows codes."""

    def __init__(self, clock, secret=None):
        self.clock = clock
        self.secret = secret or pyotp.random_base32()

    def shows(self, *, late=0):
        """Return the code of now, or what a clock shows that is late by some half minutes."""
        return pyotp.TOTP(self.secret).generate_otp(int(self.clock.now) // 30 - late)

    def wrong(self):
        """Return a code that is none of these minutes."""
        shown = {self.shows(late=late) for late in range(-5, 6)}
        return next(code for code in ("000000", "111111", "222222") if code not in shown)


def pair(user, clock):
    """Turn the second step on; returns the phone, whose next code is fresh, and the recovery codes."""
    phone = Phone(clock)
    codes = second_step.turn_on(user.pk, secret=phone.secret, code=phone.shows(), actor=Actor("staff", "maya"))
    clock.forward(half_minutes=3)
    return phone, codes
