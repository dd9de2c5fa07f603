"""Addresses of the mechanics."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
