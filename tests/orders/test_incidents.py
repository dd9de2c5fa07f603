"""One cause on many orders: found, told once to each customer, promised anew and closed together."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import roles
from core.actors import SYSTEM, Actor
from core.models import EventRecord, OutgoingMail, User
from core.roles import group_of
from fulfillment import services as fulfillment
from fulfillment.models import Shipment
from inventory.models import KitPart
from orders import services
from orders.errors import IncidentNotOpen, InvalidOrder
from orders.models import Incident, IncidentOrder, Order, OrderException
from pricing.models import Channel
from tests.factories.kits import make_priced_kit
from tests.scenarios import anew, confirmed_order, delivered_order, run_debts, shipped_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
LATER = timedelta(days=30)


def found(**given):
    return services.find_incident({"cause": "Carrier on strike", **given}, actor=MAYA)


def ids_of(incident):
    return list(services.affected(incident).order_by("pk").values_list("pk", flat=True))


def told(incident, **given):
    said = {"texts": {"en": "Everything is late."}, "new_day": timezone.localdate() + LATER, **given}
    services.tell_incident(incident.pk, order_ids=ids_of(incident), actor=MAYA, **said)
    run_debts()
    incident.refresh_from_db()
    return incident


def test_it_affects_what_has_the_product_the_carrier_the_place_and_is_not_there_yet(shop):
    mugs = confirmed_order({"MUG-RED": 1})
    on_its_way = shipped_order({"MUG-RED": 1}, email="bob@example.com")
    there = delivered_order({"MUG-RED": 1}, email="cem@example.com")
    confirmed_order({"TEA-1": 1}, email="dan@example.com")
    cancelled = confirmed_order({"MUG-RED": 1}, email="eve@example.com")
    services.cancel_order(cancelled.pk, reason="-", actor=SYSTEM)
    run_debts()
    carrier = mugs.shipping_method.carrier

    assert ids_of(found(sku=" mug-red ")) == [mugs.pk, on_its_way.pk]
    assert ids_of(found(sku="MUG-RED", with_delivered=True)) == [mugs.pk, on_its_way.pk, there.pk]
    assert len(ids_of(found(carrier=carrier))) == 3
    assert ids_of(found(carrier=carrier, placed_until=timezone.localdate() - LATER)) == []
    assert ids_of(found(sku="MUG-RED", warehouse=shop.munich)) == []
    assert ids_of(found(sku="MUG-RED", warehouse=shop.hamburg)) == [mugs.pk, on_its_way.pk]
    with pytest.raises(InvalidOrder):
        found()


def test_all_are_told_promised_anew_and_closed_together(shop):
    first = confirmed_order({"MUG-RED": 1}, email="ada@example.com")
    second = confirmed_order({"MUG-RED": 1, "TEA-1": 20}, email="Ada@example.com")
    other = confirmed_order({"MUG-RED": 1}, email="bob@example.com")
    run_debts()
    OutgoingMail.objects.all().delete()
    before = {one.pk: (one.first_promised_on, one.version) for one in map(anew, (first, second, other))}

    incident = told(found(sku="MUG-RED"))

    assert incident.status == "told"
    day = timezone.localdate() + LATER
    for one in map(anew, (first, second, other)):
        assert (one.promised_on, one.open_exceptions) == (day, 1)
        assert (one.first_promised_on, one.version) == before[one.pk]
    mails = OutgoingMail.objects.order_by("pk")
    assert [(mail.kind, mail.to.lower()) for mail in mails] == [
        ("incident", "ada@example.com"),
        ("incident", "bob@example.com"),
    ]
    assert str(first.number) in mails[0].text
    assert str(second.number) in mails[0].text
    causes = EventRecord.objects.filter(name="orders.promise_changed").values_list("payload", flat=True)
    assert {fact["because"] for fact in causes} == {"many orders suffer from it: Carrier on strike"}

    services.end_incident(incident.pk, resolution="They drive again", actor=MAYA)
    run_debts()

    incident.refresh_from_db()
    assert (incident.status, set(incident.orders.values_list("status", flat=True))) == ("over", {"closed"})
    ended = set(OrderException.objects.values_list("status", "resolution"))
    assert ended == {("resolved", "They drive again")}
    assert [anew(one).open_exceptions for one in (first, second, other)] == [0, 0, 0]
    assert {mail.kind for mail in OutgoingMail.objects.all()} == {"incident"}


def test_each_customer_reads_his_own_language(shop, staff):
    english, german = confirmed_order({"MUG-RED": 1}), confirmed_order({"MUG-RED": 1}, email="bob@example.com")
    french = confirmed_order({"MUG-RED": 1}, email="cem@example.com")
    Order.objects.filter(pk=german.pk).update(language="de")
    Order.objects.filter(pk=french.pk).update(language="fr")
    run_debts()
    OutgoingMail.objects.all().delete()
    incident = found(sku="MUG-RED")
    step = f"/admin/orders/incident/{incident.pk}/do/tell/"

    form = staff.get(step).context_data["form"]
    assert [name for name in form.fields if name.startswith("text_")] == ["text_en", "text_de"]
    assert str(form["text_de"].label) == "To customers who read German"
    assert form["text_de"].value() != form["text_en"].value()
    assert "Carrier on strike" in form["text_de"].value()
    refused = staff.post(step, {"text_en": "Late.", "text_de": "", "new_day": ""})
    assert refused.context_data["form"].errors == {"text_de": ["This field is required."]}
    with pytest.raises(InvalidOrder):
        services.tell_incident(incident.pk, order_ids=ids_of(incident), texts={"en": "Late."}, actor=MAYA)
    staff.post(step, {"text_en": "Late.", "text_de": "Zu spät.", "new_day": ""})
    run_debts()

    said = {mail.to: mail.text for mail in OutgoingMail.objects.filter(kind="incident")}
    assert {to: ("Late." in text, "Zu spät." in text) for to, text in said.items()} == {
        english.email: (True, False),
        german.email: (False, True),
        french.email: (True, False),
    }
    page = staff.get(f"/admin/orders/incident/{incident.pk}/change/").content.decode()
    assert '<div lang="de"><p>Zu spät.</p></div>' in page


def test_a_text_in_another_language_than_one_reads_oneself_says_so(shop, staff):
    order = confirmed_order({"MUG-RED": 1})
    step = f"/admin/orders/incident/{found(sku='MUG-RED').pk}/do/tell/"
    assert str(staff.get(step).context_data["form"]["text_en"].label) == "To the customers"

    Order.objects.filter(pk=order.pk).update(language="de")

    assert str(staff.get(step).context_data["form"]["text_de"].label) == "To customers who read German"


def test_a_part_that_is_recalled_is_found_in_the_kits_that_had_it_in_them(shop):
    make_priced_kit("SET-Ü", parts={"MUG-RED": 1, "TEA-1": 1})
    kit = confirmed_order({"SET-Ü": 1}, email="bob@example.com")
    mug, tea = confirmed_order({"MUG-RED": 1}), confirmed_order({"TEA-1": 1}, email="cem@example.com")

    assert ids_of(found(sku="MUG-RED")) == [kit.pk, mug.pk]
    assert ids_of(found(sku="SET-Ü")) == [kit.pk]
    assert ids_of(found(sku="TEA-1")) == [kit.pk, tea.pk]
    assert ids_of(found(sku="MUG")) == []
    # What was in the kit counts, not what would be in it now.
    KitPart.objects.filter(kit__sku="SET-Ü", product=shop.mug).delete()
    assert ids_of(found(sku="MUG-RED")) == [kit.pk, mug.pk]


def test_what_has_left_is_affected_by_whoever_carries_it(shop):
    here, sent = confirmed_order({"MUG-RED": 1}), shipped_order({"MUG-RED": 1}, email="bob@example.com")
    usual = here.shipping_method.carrier
    Shipment.objects.filter(order=sent).update(carrier="courier")

    assert ids_of(found(carrier=usual)) == [here.pk]
    assert ids_of(found(carrier="courier")) == [sent.pk]
    fulfillment.deliver_shipment(Shipment.objects.get(order=sent).pk, actor=SYSTEM)
    assert ids_of(found(carrier="courier")) == []
    assert ids_of(found(carrier="courier", with_delivered=True)) == [sent.pk]


def test_it_is_safe_to_repeat_and_says_of_each_order_what_became_of_it(shop):
    gone, stays = confirmed_order({"MUG-RED": 1}), confirmed_order({"MUG-RED": 1}, email="bob@example.com")
    incident = found(sku="MUG-RED")
    services.tell_incident(incident.pk, order_ids=[gone.pk, stays.pk], texts={"en": "Sorry"}, actor=MAYA)
    services.cancel_order(gone.pk, reason="-", actor=SYSTEM)
    with pytest.raises(IncidentNotOpen):
        services.tell_incident(incident.pk, order_ids=[stays.pk], texts={"en": "Sorry"}, actor=MAYA)
    with pytest.raises(IncidentNotOpen):
        services.end_incident(incident.pk, resolution="over", actor=MAYA)

    for _again in range(3):
        services.run_incident(incident.pk)
    run_debts()

    rows = dict(IncidentOrder.objects.values_list("order", "status"))
    assert rows == {gone.pk: "left_out", stays.pk: "told"}
    assert OrderException.objects.get(category="incident").order == stays
    assert OutgoingMail.objects.filter(kind="incident").count() == 1
    assert anew(stays).promised_on == stays.promised_on


def test_somebody_at_the_desk_does_it_on_three_pages_and_nobody_else(shop, client):
    confirmed_order({"MUG-RED": 1})
    hidden = confirmed_order({"MUG-RED": 1}, email="bob@example.com")
    roles.ensure_roles()
    maya = User.objects.create_user("maya", is_staff=True)
    maya.groups.add(group_of("desk"))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    Order.objects.filter(pk=hidden.pk).update(channel=Channel.objects.exclude(code="api").first())
    User.objects.filter(pk=maya.pk).update(limits={"channel": ["api"]})

    wrong = client.post("/admin/orders/incident/add/", {"cause": "Recalled", "carrier": ""})
    assert "Say whom it affects" in wrong.content.decode()
    made = client.post("/admin/orders/incident/add/", {"cause": "Recalled", "carrier": "", "sku": "MUG-RED"})
    incident = Incident.objects.get()
    assert made.headers["Location"] == f"/admin/orders/incident/{incident.pk}/change/"
    page = client.get(made.headers["Location"]).content.decode()
    assert str(hidden.number) not in page

    step = f"/admin/orders/incident/{incident.pk}/do/tell/"
    shown = client.get(step)
    assert shown.context_data["consequences"][0] == "1 order gets an exception."
    assert client.post(step, {"text_en": "", "new_day": ""}).status_code == 200
    past = client.post(step, {"text_en": "Stop", "new_day": "2020-01-01"})
    assert "Choose a day that is still to come." in past.content.decode()
    client.post(step, {"text_en": "Stop", "new_day": ""})
    run_debts()
    assert OrderException.objects.filter(category="incident").count() == 1
    client.post(f"/admin/orders/incident/{incident.pk}/do/end/", {"resolution": "Replaced"})
    run_debts()
    assert Incident.objects.get().status == "over"
    assert client.get(f"/admin/orders/incidentorder/?incident__id__exact={incident.pk}").status_code == 200

    tom = User.objects.create_user("tom", is_staff=True)
    tom.groups.add(group_of("warehouse"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/orders/incident/").status_code == 403
    assert client.post(step, {"text_en": "x"}).status_code == 403


def test_what_reaches_beyond_the_channels_one_is_limited_to_is_closed_by_somebody_else(shop, client):
    confirmed_order({"MUG-RED": 1})
    other = confirmed_order({"MUG-RED": 1}, email="bob@example.com")
    incident = told(found(sku="MUG-RED"))
    Order.objects.filter(pk=other.pk).update(channel=Channel.objects.exclude(code="api").first())
    roles.ensure_roles()
    maya = User.objects.create_user("maya", is_staff=True, limits={"channel": ["api"]})
    maya.groups.add(group_of("desk"))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    there, end = (f"/admin/orders/incident/{incident.pk}/{where}/" for where in ("change", "do/end"))

    assert end not in client.get(there).content.decode()
    client.post(end, {"resolution": "Replaced"})
    run_debts()
    assert set(OrderException.objects.filter(category="incident").values_list("status", flat=True)) == {"open"}

    User.objects.filter(pk=maya.pk).update(limits={})
    assert end in client.get(there).content.decode()


def test_a_page_costs_the_same_however_many_are_affected(shop, staff, django_assert_num_queries):
    def cost(number):
        for place in range(number):
            confirmed_order({"MUG-RED": 1}, email=f"{number}-{place}@example.com")
        incident = found(sku="MUG-RED")
        page = f"/admin/orders/incident/{incident.pk}/change/"
        staff.get(page)
        with django_assert_num_queries(FOUND):
            staff.get(page)
        told(incident)
        with django_assert_num_queries(TOLD):
            staff.get(page)

    cost(1)
    cost(4)


FOUND, TOLD = 6, 6
