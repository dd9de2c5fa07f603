"""Addresses of the API that belong to no app."""

from django.urls import path

from core.api.docs import DocsView, SchemaView
from core.api.events import EventsView

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    path("events/", EventsView.as_view(), name="events"),
]
