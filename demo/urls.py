"""Addresses of the demo; they answer only when DEMO=1."""

from django.urls import path

from demo import provider_views as provider
from demo import views

app_name = "demo"
urlpatterns = [
    path("demo/", views.welcome, name="welcome"),
    path("demo/progress/", views.progress, name="progress"),
    path("demo/be/<str:username>/", views.become, name="become"),
    path("demo/mail/", views.sent_mail, name="mail"),
    path("demo/mail/<int:pk>/", views.read_mail, name="read-mail"),
    path("demo/mail/<int:pk>/body/", views.mail_body, name="mail-body"),
    path("demo/mail/<int:pk>/files/<int:file>/", views.mail_file, name="mail-file"),
    path("demo/bank-statement.csv", views.bank_statement, name="bank-statement"),
    path("demo/prove/<slug:name>/", views.prove, name="prove"),
    path("demo/prove/<slug:name>/state/", views.proof_state, name="proof-state"),
    # The payment provider: an outside party that happens to live here.
    path("demo/provider/checkouts/", provider.start, name="provider-start"),
    path("demo/provider/checkouts/<str:key>/", provider.tell, name="provider-tell"),
    path("demo/provider/checkouts/<str:key>/close/", provider.close, name="provider-close"),
    path("demo/provider/payments/<str:code>/refunds/", provider.refund, name="provider-refund"),
    path("demo/provider/payments/<str:code>/disputes/", provider.disputes, name="provider-disputes"),
    path("demo/provider/payments/<str:code>/evidence/", provider.evidence, name="provider-evidence"),
    path("demo/provider/pay/<str:code>/", provider.page, name="provider-page"),
]
