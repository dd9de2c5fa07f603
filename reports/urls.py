"""Addresses of the reports, inside the back office."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("reports/", views.figures, name="figures"),
    path("reports/flow/", views.flow_chart, name="flow"),
    path("reports/<slug:name>.csv", views.download, name="csv"),
]
