"""Addresses at which payment providers write to us."""

from django.urls import path

from billing import views

app_name = "billing"
urlpatterns = [path("hooks/payments/<slug:gateway>/", views.take_notice, name="notice")]
