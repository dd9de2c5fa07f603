"""A link to a quotation whose draft became somebody else's order."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from core.actors import Actor
from core.models import OutgoingMail
from orders import services
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
