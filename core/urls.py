"""Addresses of the mechanics."""

from django.urls import URLPattern, path

from core import live

urlpatterns: list[URLPattern] = [path("live/<str:token>/", live.changes, name="live")]
