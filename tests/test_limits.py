"""Staff limited to channels or warehouses: what lies beyond is not there, by whatever door one comes."""

import json
from copy import deepcopy

import pytest
from django.urls import reverse

from core import outbox, roles, sight
from core.actors import SYSTEM, Actor
from core.admin.site import site
from core.models import BulkJob, EventRecord, User
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from integrations import services as imports
from inventory.models import ExpectedReceipt, StockItem, StockMovement, Warehouse
from orders import services as orders
from orders.models import Hold, Order
from tests.factories.shop import make_priced_product, make_shop
from tests.scenarios import confirmed_order, order_input

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
OF_CHANNEL = ("orders.order", "orders.hold", "billing.invoice", "fulfillment.fulfillmentorder", "fulfillment.shipment")
OF_WAREHOUSE = ("fulfillment.fulfillmentorder", "fulfillment.shipment", "inventory.stockitem", "inventory.warehouse")


def sell(channel, sku, number):
    """Return an order whose parcel is under way, from the only place that has the goods."""
    who = f"buyer-{number}@example.com"
    order = confirmed_order({sku: 1}, channel=channel, email=who, customer_name=f"Buyer {number}")
    outbox.drain()
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    outbox.drain()
    again = confirmed_order({sku: 2}, channel=channel, email=who, customer_name=f"Buyer {number}")
    orders.place_hold(again.pk, kind="manual", reason=f"Look at {again.number}", blocks=["release"], actor=SYSTEM)
    outbox.drain()
    return Order.objects.get(pk=order.pk)


@pytest.fixture(scope="module")
def sold(lasting):
    """Build the world once: an order of each of two channels, from each of two warehouses."""
    make_shop()
    make_priced_product("HERE", "5.00", stock={"HAM": 9})
    make_priced_product("THERE", "5.00", stock={"MUC": 9})
    return sell("api", "HERE", 1), sell("portal", "THERE", 2)


@pytest.fixture
def two(sold):
    """Return both orders; what a test changes in them ends with it."""
    return deepcopy(sold)


def somebody(client, **limits):
    """Sign in somebody who may do everything that a manager and the warehouse may, within limits."""
    user = User.objects.create_user("ida", password="x", is_staff=True, limits=limits)
    user.groups.add(*(roles.group_of(code) for code in ("manager", "warehouse", "finance")))
    client.force_login(user, backend=BACKEND)
    return user


def page(kind, row, *rest):
    """Return an address of a record."""
    app, model = kind.split(".")
    return reverse(f"admin:{app}_{model}_{rest[0] if rest else 'change'}", args=[row, *rest[1:]])


def there(client, kind):
    """Return which rows of a table its list shows, its pages open and its histories tell."""
    app, model = kind.split(".")
    table = next(model for model in site._registry if model._meta.label_lower == kind)
    every = list(table.objects.order_by("pk").values_list("pk", flat=True))
    shown = client.get(reverse(f"admin:{app}_{model}_changelist")).context["cl"]
    listed = {row.pk for row in shown.result_list}
    assert shown.result_count == len(listed)
    opened = {pk for pk in every if client.get(page(kind, pk)).status_code == 200}
    told = {pk for pk in every if client.get(page(kind, pk, "history")).status_code == 200}
    assert listed == opened == told
    return listed


def rows(kind, condition):
    table = next(model for model in site._registry if model._meta.label_lower == kind)
    return set(table.objects.filter(**condition).values_list("pk", flat=True))


CHANNEL_OF = dict.fromkeys(OF_CHANNEL, "order__channel__code") | {"orders.order": "channel__code"}
PLACE_OF = {
    "fulfillment.fulfillmentorder": "warehouse__code",
    "fulfillment.shipment": "fulfillment_order__warehouse__code",
    "inventory.stockitem": "warehouse__code",
    "inventory.warehouse": "code",
}


@pytest.mark.parametrize("limit", [None, ["api"], ["portal"], ["api", "portal"], ["gone"]])
def test_lists_pages_and_histories_know_the_channels_one_is_limited_to(two, client, limit):
    somebody(client, **({"channel": limit} if limit else {}))
    seen = limit or ["api", "portal"]

    found = {kind: there(client, kind) for kind in OF_CHANNEL}

    assert found == {kind: rows(kind, {f"{CHANNEL_OF[kind]}__in": seen}) for kind in OF_CHANNEL}


@pytest.mark.parametrize("limit", [None, ["HAM"], ["MUC"], ["HAM", "MUC"], ["GONE"]])
def test_lists_pages_and_histories_know_the_warehouses_one_is_limited_to(two, client, limit):
    somebody(client, **({"warehouse": limit} if limit else {}))
    seen = limit or ["HAM", "MUC"]

    found = {kind: there(client, kind) for kind in OF_WAREHOUSE}

    assert found == {kind: rows(kind, {f"{PLACE_OF[kind]}__in": seen}) for kind in OF_WAREHOUSE}
    assert len(there(client, "orders.order")) == 4, "an order is no place"


def test_both_limits_at_once_leave_what_is_within_both(two, client):
    somebody(client, channel=["api"], warehouse=["MUC"])

    assert there(client, "orders.order") == rows("orders.order", {"channel__code": "api"})
    assert there(client, "fulfillment.fulfillmentorder") == set()


def test_a_foreign_record_is_refused_like_one_that_is_not_there(two, client):
    mine, foreign = two
    somebody(client, channel=["api"], warehouse=["HAM"])
    work = FulfillmentOrder.objects.get(order=foreign)
    invoice = foreign.invoices.get()
    steps = {
        page("orders.order", foreign.pk, "do", "comment"),
        page("fulfillment.fulfillmentorder", work.pk, "do", "ship"),
        page("orders.hold", Hold.objects.get(order__channel=foreign.channel).pk, "do", "lift"),
        reverse("admin:billing_order_do", args=[foreign.pk, "payment"]),
        reverse("admin:billing_invoice_pdf", args=[invoice.pk]),
        reverse("admin:returns_returnrequest_request", args=[foreign.pk]),
        reverse("admin:fulfillment_fulfillmentorder_print", args=[work.pk, "pick-list"]),
    }

    assert {client.get(path).status_code for path in steps} == {404}
    assert {client.post(path, {"text": "x"}).status_code for path in steps} <= {404, 405}
    assert client.get(reverse("admin:billing_invoice_pdf", args=[mine.invoices.get().pk])).status_code == 200
    never = client.get(page("orders.order", 10**6)).headers["Location"]
    assert client.get(page("orders.order", foreign.pk)).headers["Location"] == never


def hits(client, term):
    return [(hit["kind"], hit["label"]) for hit in client.get(reverse("admin:hits"), {"q": term}).json()["hits"]]


def test_search_and_palette_find_nothing_beyond(two, client):
    mine, foreign = two
    somebody(client, channel=["api"], warehouse=["HAM"])
    parcel = Shipment.objects.get(order=foreign)
    terms = (
        foreign.number,
        "buyer-2@example.com",
        parcel.number,
        parcel.tracking_number,
        foreign.invoices.get().number,
    )
    terms += (FulfillmentOrder.objects.get(order=foreign).number,)

    assert hits(client, mine.number) == [("Order", mine.number)]
    found = {kind for term in terms for kind, _label in hits(client, term)}
    assert found <= {"Customer"}, "customers belong to the whole house"
    assert foreign.number not in client.get(reverse("admin:search"), {"q": foreign.number}).content.decode().split(
        'class="content', 1
    )[1].replace(f'value="{foreign.number}"', "").split("</h1>", 1)[-1].replace(f"“{foreign.number}”", "")


def test_tabs_and_filters_count_only_what_is_there(two, client):
    from core.admin.view_counts import counts
    from core.looks import Look

    user = somebody(client, channel=["api"])
    admin = next(one for model, one in site._registry.items() if model is Order)
    request = client.get(reverse("admin:orders_order_changelist")).wsgi_request

    with sight.within(sight.limits_of(user)):
        mine = counts(admin, request, [("all", Look())])
    everything = counts(admin, request, [("all", Look())])

    assert (mine, everything) == ({"all": "2"}, {"all": "4"})


def test_what_a_form_offers_and_takes_is_within_the_limits(two, client):
    somebody(client, warehouse=["HAM"])
    munich = Warehouse.objects.get(code="MUC")
    product = two[0].lines.get().product_id
    receive = page("inventory.product", product, "do", "receive")
    before = StockMovement.objects.count()

    offered = client.get(receive).context["form"].fields["warehouse"].queryset
    refused = client.post(receive, {"warehouse": munich.pk, "quantity": 1})
    announced = client.post(
        reverse("admin:inventory_expectedreceipt_add"),
        {"product": product, "warehouse": munich.pk, "quantity": 1, "expected_on": "2027-01-01"},
    )

    assert [place.code for place in offered] == ["HAM"]
    assert list(refused.context["form"].errors) == ["warehouse"]
    assert list(announced.context["adminform"].form.errors) == ["warehouse"]
    assert (StockMovement.objects.count(), ExpectedReceipt.objects.count()) == (before, 0)


def test_a_step_for_many_rows_leaves_out_what_is_beyond(two, client):
    user = somebody(client, channel=["api"])
    listed = reverse("admin:orders_order_changelist")
    both = [str(order.pk) for order in two]

    client.post(
        listed, {"action": "assign", "_selected_action": both, "confirmed": "1", "index": "0", "person": user.pk}
    )

    assert set(BulkJob.objects.values_list("rows__subject_id", flat=True)) <= {two[0].pk, None}


def test_who_sees_one_warehouse_releases_the_work_there_and_no_other(two, client):
    make_priced_product("NEAR", "5.00", stock={"HAM": 9})
    make_priced_product("FAR", "5.00", stock={"MUC": 9})
    both, far = (
        confirmed_order(lines, email=f"{len(lines)}@example.com") for lines in ({"NEAR": 1, "FAR": 1}, {"FAR": 1})
    )
    outbox.drain()
    somebody(client, warehouse=["HAM"])
    listed = reverse("admin:orders_order_changelist")
    said = {"action": "release_many", "_selected_action": [both.pk, far.pk], "index": "0"}

    asked = client.post(listed, said).context["consequences"]
    client.post(listed, {**said, "confirmed": "1"})

    assert "Only what you see begins (HAM); work in other warehouses waits for others." in asked
    work = FulfillmentOrder.objects.filter(order__in=[both, far]).order_by("order", "warehouse__code")
    assert list(work.values_list("order", "warehouse__code", "status")) == [
        (both.pk, "HAM", "released"), (both.pk, "MUC", "planned"), (far.pk, "MUC", "planned"),
    ]  # fmt: skip
    rows = BulkJob.objects.get().rows
    assert dict(rows.exclude(reason="").values_list("subject_id", "reason")) == {
        far.pk: "Its work waits in other warehouses than yours"
    }

    client.post(listed, {**said, "confirmed": "1", "token": "again"})
    assert rows.model.objects.filter(job=BulkJob.objects.latest("pk"), subject_id=both.pk).get().status == "skipped"
    answer = client.post(f"/api/v1/orders/{far.number}/release/", {}, content_type="application/json")
    assert (answer.status_code, work.filter(status="released").count()) == (409, 1)


def test_a_limit_that_is_set_while_a_job_runs_counts_at_once(two, client):
    user = somebody(client)
    admin = next(one for model, one in site._registry.items() if model is Order)
    assert admin is not None
    User.objects.filter(pk=user.pk).update(limits={"channel": ["api"]})
    from core.admin.bulk_running import Desk, _act, _request_of
    from core.errors import Missing

    desk = Desk(admin, None, _request_of(User.objects.get(pk=user.pk)), {}, 10**9)
    desk.spec = type("Spec", (), {"permission": "orders.view_order", "already": staticmethod(lambda *_: True)})()

    assert _act(desk, two[0].pk) is False
    with pytest.raises(Missing):
        _act(desk, two[1].pk)


def test_the_api_shows_a_signed_in_person_what_the_back_office_shows(two, client):
    mine, foreign = two
    somebody(client, channel=["api"], warehouse=["HAM"])

    def numbers(path, name="number"):
        return {row[name] for row in client.get(f"/api/v1/{path}/").json()["results"]}

    assert numbers("orders") == set(Order.objects.filter(channel__code="api").values_list("number", flat=True))
    assert client.get(f"/api/v1/orders/{foreign.number}/").status_code == 404
    works = FulfillmentOrder.objects.filter(order__channel__code="api", warehouse__code="HAM")
    assert numbers("fulfillment-orders") == set(works.values_list("number", flat=True))
    assert numbers("shipments") == {Shipment.objects.get(order=mine).number}
    assert numbers("warehouses", "code") == {"HAM"}
    assert {row["warehouse"] for row in client.get("/api/v1/stock/").json()["results"]} == {"HAM"}
    assert client.get("/api/v1/warehouses/MUC/").status_code == 404


def test_keys_of_the_api_are_not_touched_by_the_limits_of_people(two, client, api):
    somebody(client, channel=["portal"])

    found = {row["number"] for row in api.get("/api/v1/orders/").json()["results"]}
    assert (two[0].number in found, two[1].number in found) == (True, False)


def test_today_counts_and_names_only_what_is_there(two, client):
    mine, foreign = two
    user = somebody(client, channel=["api"])
    limited = client.get(reverse("admin:index")).content.decode()
    User.objects.filter(pk=user.pk).update(limits={})
    whole = client.get(reverse("admin:index")).content.decode()

    held, elsewhere = (Hold.objects.get(order__channel=order.channel).order.number for order in (mine, foreign))
    assert (held in limited, elsewhere in limited) == (True, False)
    assert (held in whole, elsewhere in whole) == (True, True)
    assert ("2 are on hold." in whole, "1 is on hold." in limited) == (True, True)


def test_the_page_of_a_customer_tells_only_of_orders_that_are_there(two, client):
    mine, foreign = two
    Order.objects.filter(pk=foreign.pk).update(customer=mine.customer_id)
    somebody(client, channel=["api"])

    shown = client.get(page("customers.customer", mine.customer_id)).content.decode()

    assert (mine.number in shown, foreign.number in shown) == (True, False)


def test_mail_and_log_tell_of_foreign_orders_nothing(two, client):
    mine, foreign = two
    somebody(client, channel=["api"])
    told = {f"orders.order:{order.pk}": order for order in two}

    mails = client.get(reverse("admin:core_outgoingmail_changelist") + "?all=").context["cl"].result_list
    log = client.get(reverse("admin:core_eventrecord_changelist") + f"?q=orders.order:{foreign.pk}")

    assert {told[mail.thread] for mail in mails if mail.thread in told} <= {mine}
    assert EventRecord.objects.filter(thread=f"orders.order:{foreign.pk}").exists()
    assert log.context["cl"].result_count == 0


def test_the_desk_takes_orders_only_of_the_channels_one_is_limited_to(two, client):
    somebody(client, channel=["portal"])
    draft = orders.save_draft(order_input(), actor=SYSTEM)

    assert client.get(reverse("desk:draft", args=[draft.number])).status_code == 404
    assert client.get(reverse("desk:parked")).context["drafts"] == []
    answer = client.post(
        reverse("desk:quote"),
        json.dumps({"lines": [{"sku": "HERE", "quantity": "1"}]}),
        content_type="application/json",
    )
    assert [fault["pointer"] for fault in answer.json()["faults"] if fault["pointer"] == "/channel"] == ["/channel"]


def test_figures_and_the_chart_count_only_what_is_there(two, client):
    somebody(client, channel=["api"])

    figures = client.get(reverse("reports:figures")).context
    chart = client.get(reverse("reports:flow")).context["steps"]

    assert (sum(stage["count"] for stage in figures["stages"]), figures["on_hold"]) == (2, 1)
    assert [step.count for step in chart if step.step.number == 5] == [1]


def test_a_file_brings_units_only_to_warehouses_one_is_limited_to(two, client):
    somebody(client, warehouse=["HAM"])
    text = b"sku,name,stock_ham,stock_muc\nNEW-1,New,3,4\n"
    batch = imports.keep_product_file(name="new.csv", content=text, actor=Actor("staff", "ida"))

    imports.start_product_import(batch.pk, actor=Actor("staff", "ida"))
    outbox.drain()

    shelves = StockItem.objects.filter(product__sku="NEW-1")
    assert dict(shelves.values_list("warehouse__code", "on_hand")) == {"HAM": 3}


def test_whoever_holds_every_power_is_limited_to_nothing(two, staff):
    User.objects.filter(username="maya").update(limits={"channel": ["api"]})

    assert staff.get(reverse("admin:orders_order_changelist")).context["cl"].result_count == 4


def test_every_table_about_orders_or_places_says_what_it_hides():
    # Customers belong to the whole house, and so does what is promised to them.
    free = {"customers.customer", "customers.address", "customers.contact", "returns.returnpolicy"}
    about = set()
    for model in site._registry:
        kind = model._meta.label_lower
        keys = {field.related_model._meta.label_lower for field in model._meta.fields if field.related_model}
        if kind not in free and keys & {"orders.order", "inventory.warehouse", "pricing.channel"}:
            about.add(kind)

    assert about - {"pricing.channel"} - set(sight.RULES) == set()
    assert set(sight.KINDS) == {"channel", "warehouse"}


def test_the_limits_of_a_reader_end_with_their_request(two, client):
    somebody(client, channel=["api"])
    client.get(reverse("admin:index"))

    assert sight.limited_to("channel") is None
    assert sight.seen(Order.objects.all()).count() == 4
