"""Addresses of the reports, inside the back office."""

from django.urls import path

from reports import pace_views, views, worth_views

app_name = "reports"
urlpatterns = [
    path("reports/", views.figures, name="figures"),
    path("reports/flow/", views.flow_chart, name="flow"),
    path("reports/pace/", pace_views.flow_map, name="pace"),
    path("reports/pace/<slug:code>/", pace_views.behind_an_edge, name="pace-edge"),
    path("reports/checks/", worth_views.page, name="checks"),
    path("reports/<slug:name>.csv", views.download, name="csv"),
]
