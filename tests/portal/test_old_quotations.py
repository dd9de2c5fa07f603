"""A link to a quotation whose draft became somebody else's order."""

import re
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.actors import Actor
from core.models import Notice, OutgoingMail
from orders import services
from orders.models import Draft
from tests.scenarios import anew, order_input

MAYA = Actor("staff", "maya")


def test_an_old_link_opens_no_order_of_somebody_else(shop, run_debts):
    draft = services.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    services.offer_draft(draft.pk, valid_until=timezone.localdate() + timedelta(days=14), actor=MAYA)
    run_debts()
    link = re.search(r"/quotations/[^\s\"]+/", OutgoingMail.objects.get().text)[0]
    bobs = order_input(payment_terms="net14", email="bob@example.com", customer_name="Bob")
    services.save_draft(bobs, draft_id=draft.pk, actor=MAYA)
    services.place_draft(draft.pk, actor=MAYA)
    ada = Client()

    answer = ada.get(link, follow=True)

    assert anew(draft).email == "bob@example.com"
    assert answer.redirect_chain == [("/look-up/", 302)]
    assert ada.get(f"/orders/{draft.number}/").status_code == 404


def test_who_comes_too_late_asks_for_a_new_one_and_staff_make_it_anew(shop, run_debts, staff):
    draft = services.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    services.offer_draft(draft.pk, valid_until=timezone.localdate() + timedelta(days=1), actor=MAYA)
    run_debts()
    link = re.search(r"/quotations/[^\s\"]+/", OutgoingMail.objects.get().text)[0]
    Draft.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    services.lapse_drafts()
    ada = Client()

    page = ada.get(link)
    assert (page.status_code, page.context["may_ask"]) == (410, True)
    assert "Ask for a new offer" in page.content.decode()
    for _press in range(2):
        assert ada.post(link, {"anew": "1"}).headers["Location"] == link
    assert list(Notice.objects.values_list("user__username", "kind")) == [("maya", "quotation_wanted")]
    assert anew(draft).status == "expired"

    panel = staff.get(reverse("admin:orders_order_change", args=[draft.pk])).content.decode()
    assert f"/desk/orders/new/?like={draft.number}" in panel
    fresh = staff.get(f"/desk/orders/new/?like={draft.number}").context["state"]
    assert [(line["sku"], line["quantity"]) for line in fresh["typed"]["lines"]] == [("MUG-RED", "2"), ("TEA-1", "1")]
    assert (fresh["number"], fresh["version"]) == ("", None)
