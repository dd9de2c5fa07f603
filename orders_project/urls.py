"""Every address of the product; each app brings its own."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from core.admin.site import site
from core.api.views import unknown_path

API_APPS = (
    "core",
    "customers",
    "inventory",
    "pricing",
    "orders",
    "billing",
    "fulfillment",
    "returns",
    "integrations",
    "reports",
)


def _api_routes() -> list[URLPattern | URLResolver]:
    modules = [
        f"{app}.api.urls"
        for app in API_APPS
        if app in settings.INSTALLED_APPS and find_spec(f"{app}.api") and find_spec(f"{app}.api.urls")
    ]
    return [route for name in modules for route in import_module(name).urlpatterns]


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include((_api_routes(), "api"))),
    path("api/", unknown_path),
    path("api/<path:rest>", unknown_path),
    path("admin/", site.urls),
    path("", include("core.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
for app in ("billing", "reports", "desk", "demo", "portal"):
    if app in settings.INSTALLED_APPS and find_spec(f"{app}.urls"):
        urlpatterns.append(path("", include(f"{app}.urls")))

handler400 = "core.api.views.bad_request"
handler403 = "core.api.views.permission_denied"
handler404 = "core.api.views.page_not_found"
handler500 = "core.api.views.server_error"
