"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the facts that frame each page."""
    return {"demo_mode": settings.DEMO, "site_url": settings.SITE_URL, "company_name": settings.COMPANY_NAME}
