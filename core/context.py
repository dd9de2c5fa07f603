"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.live import is_refresh


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the facts that frame each page."""
    facts = {"demo_mode": settings.DEMO, "site_url": settings.SITE_URL, "company_name": settings.COMPANY_NAME}
    return {**facts, "messages": ()} if is_refresh(request) else facts
