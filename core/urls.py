"""Addresses of the mechanics."""

from django.urls import URLPattern, path

from core import bell, live

urlpatterns: list[URLPattern] = [
    path("live/<str:token>/", live.changes, name="live"),
    path("live/bell/<str:token>/", bell.count, name="bell"),
    path("live/<str:token>/stream/", live.stream, name="live-stream"),
]
