"""Browsers that are signed in, and visitors who are not."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class BrowserSession(AbstractBaseSession):
    """A session that knows whose it is, so that its owner can see and end it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="sessions")
    address = models.CharField(max_length=45, blank=True)
    # What the browser says it is.
    browser = models.CharField(max_length=300, blank=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        indexes = [
            models.Index(fields=["seen_at"], name="session_of_somebody", condition=models.Q(user__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.address}"
