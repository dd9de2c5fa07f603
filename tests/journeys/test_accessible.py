"""Every page for everybody: axe finds nothing serious by day and by night, the focus is seen, a small phone is enough.

The pages are not listed here but asked of the addresses themselves, each table with a record of its own, so that a
new page is looked at without anybody thinking of it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from billing import services as billing
from billing.models import Invoice, LegalEntity
from core.actors import SYSTEM, Actor
from core.admin import navigation
from core.admin.site import site
from core.links import make_link
from core.models import SavedView
from core.uploads import made_of
from customers import services as customers
from integrations import services as integrations
from integrations.models import ImportBatch
from orders import services as orders
from orders.models import Order, OrderVersion
from orders.wishes import Wish
from pricing import services as pricing
from returns import services as returns
from tests.factories.billing import make_seller, place, ship_all
from tests.factories.shop import make_shop
from tests.journeys.sweeping import Sweep
from tests.orders.rulesets import COSTS, draft, rule
from tests.scenarios import confirmed_order, delivered_order, placed_order, run_debts

# What everybody at the desk has.
OF_EVERYBODY = ("admin:index", "admin:notices", "admin:security", "admin:keys", "admin:password_change")


@pytest.fixture
def _house(transactional_db: None, django_user_model: Any) -> None:
    """Build one of everything, once for all pages."""
    pricing.forget()
    make_shop()
    make_seller()
    lena = customers.find_or_create(email="ada@example.com", name="Ada Byron", actor=SYSTEM)
    done = delivered_order()
    placed_order()
    wanted = confirmed_order()
    note = Wish(simple={"gift_note": "For Charles"})
    orders.amend_order(wanted.pk, note, expected_version=wanted.version, actor=Actor("staff", "maya"))
    rules = draft(rule("prefer", "MUC", weight_from=1, channels=["api"]), costs=COSTS)
    orders.start_replay(rules.pk, orders=10, actor=SYSTEM)
    incident = orders.find_incident({"cause": "Mugs recalled", "sku": "MUG-RED"}, actor=SYSTEM)
    orders.tell_incident(incident.pk, order_ids=[wanted.pk], texts={"en": "Sorry"}, actor=SYSTEM)
    run_debts()
    then = timezone.now() - timedelta(days=40)
    for name in ("bob", "eve"):
        ship_all(place(placed_at=then, historic=True, email=f"{name}@example.com"), at=then)
    run_debts()
    billing.take_statement(
        name="n.csv", content=b"date;payer;reference;amount\n2026-11-03;Bob;INV-000001;5,00\n2026-11-03;x;;y\n",
        account="DE02120300000000202051", currency="EUR", actor=SYSTEM,
    )  # fmt: skip
    billing.begin_reminders([f"{Invoice.objects.latest('pk').pk}:1"], actor=SYSTEM)
    run_debts()
    line = done.lines.order_by("pk").first()
    returns.request_return(done.pk, quantities={line.pk: 1}, reason="Too red", actor=Actor("staff", "maya"))
    integrations.keep_product_file(name="p.csv", content=b"sku,name\nA,B\n,C\n", actor=SYSTEM)
    maya = django_user_model.objects.create_superuser("maya", "maya@example.com", "a-long-secret")
    box = made_of("box.png", b"\x89PNG\r\n\x1a\n")
    orders.add_comment(done.pk, "@maya, call them", public=True, files=[box], actor=Actor("staff", "tom"))
    lena.user = django_user_model.objects.create_user("lena", "lena@example.com", "a-long-secret")
    lena.save(update_fields=["user"])
    SavedView.objects.create(owner=maya, name="Mine", slug="mine", table="orders.order")


def pages_of_the_back_office() -> Iterator[str]:
    """Return every page: the places of the navigation, and for each table its list, its form and a record."""
    yield from (reverse(name) for name in OF_EVERYBODY)
    yield from sorted({reverse(entry.url_name) for entry in navigation.ENTRIES.values()})
    yield f"{reverse('admin:search')}?q=mug"
    for model, options in sorted(site._registry.items(), key=lambda pair: pair[0]._meta.label):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if options.create_fields if hasattr(options, "create_fields") else True:
            yield reverse(f"{name}_add")
        if (record := model._default_manager.order_by("-pk").first()) is None:
            continue
        for kind in ("change", "edit"):
            yield from _reversed(f"{name}_{kind}", record.pk)
        for step in list(getattr(options, "transition_services", {}))[:1]:
            yield from _reversed(f"{name}_do", record.pk, step)
    yield reverse("admin:orders_order_history", args=[Order.objects.latest("pk").pk])
    yield reverse("admin:orders_order_views")
    one, other = Order.objects.exclude(status="draft").order_by("-pk")[:2]
    yield reverse("admin:orders_order_beside", args=[one.pk, other.number])
    kept = OrderVersion.objects.latest("pk")
    yield reverse("admin:orders_order_version", args=[kept.order_id, kept.version])
    yield reverse("desk:edit-order", args=[Order.objects.latest("pk").number])
    yield reverse("admin:import_products_preview", args=[ImportBatch.objects.latest("pk").pk])
    yield reverse("admin:plan_reminders")
    yield reverse("admin:bring_statement")
    yield reverse("admin:billing_month")
    yield f"{reverse('admin:billing_invoice_changelist')}?waits=overdue"
    yield reverse("desk:test-mail")
    yield reverse("reports:pace-edge", args=["picked-packed"])


def _reversed(name: str, *args: Any) -> Iterator[str]:
    try:
        yield reverse(name, args=args)
    except NoReverseMatch:
        return


def pages_of_the_portal() -> Iterator[str]:
    """Return every page of the portal, with an order where one is needed."""
    sold = Order.objects.filter(email="ada@example.com").order_by("pk")
    yield from ("/", "/shop/", "/cart/", "/sign-in/", "/look-up/", "/orders/")
    for order in sold[:2]:
        yield f"/track/{make_link('order', order.history_thread())}/"
        yield reverse("portal:order", args=[order.number])
    yield reverse("portal:return", args=[sold[0].number])
    yield reverse("portal:cancel", args=[sold[1].number])
    yield reverse("portal:change", args=[sold[1].number])


@pytest.mark.usefixtures("_house")
@pytest.mark.parametrize(
    ("name", "pages"),
    [("maya", pages_of_the_back_office), ("lena", pages_of_the_portal)],
    ids=["back office", "portal"],
)
def test_no_page_shuts_anybody_out(chromium, live_server, client, name, pages, django_user_model):
    client.force_login(
        django_user_model.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend"
    )
    context = chromium.new_context(base_url=live_server.url, locale="en-GB", bypass_csp=True, reduced_motion="reduce")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    context.add_cookies([{**cookie, "url": live_server.url}])
    sweep = Sweep(context.new_page())

    faults = {path: found for path in dict.fromkeys(pages()) if (found := sweep.look_at(path))}

    context.close()
    assert not faults, "\n".join(f"{path} {found}" for path, found in faults.items())


@pytest.mark.usefixtures("_house")
def test_the_field_with_the_error_is_not_hidden_by_the_buttons_that_stay(chromium, live_server, django_user_model):
    person = django_user_model.objects.create_superuser("root", password="kettle")
    context = chromium.new_context(base_url=live_server.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password").fill("kettle")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1).wait_for()

    # The switch of how consumers abroad are taxed, without its day: that field lies where the buttons stand.
    page.goto(reverse("admin:billing_legalentity_change", args=[LegalEntity.objects.get().pk]))
    page.locator("#id_distance_way").select_option("at_home")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("From which day on?").wait_for()

    focused = page.locator("#id_distance_from:focus")
    focused.wait_for()
    field, buttons = focused.bounding_box(), page.locator(".submit-row").bounding_box()
    assert field["y"] + field["height"] <= buttons["y"]
    context.close()


def test_the_sweep_finds_what_it_looks_for(chromium):
    page = chromium.new_page(viewport={"width": 320, "height": 640}, color_scheme="light", locale="en-GB")
    page.set_content(
        """<html lang=en><title>Bad</title><style>
        :root { color-scheme: light dark }
        p, button { color: light-dark(#000, #333); background: light-dark(#fff, #222) }
        .pale { color: #bbb; background: #fff } .blind:focus { outline: 0 }
        </style><main><h1>Bad</h1><p>By night</p><p class=pale>Pale</p><p class=pale>Pale</p><input>
        <button>Seen</button><button class=blind>Blind</button><p style="width: 400px">Wide</p></main>"""
    )
    sweep = Sweep(page)

    found = sweep.look_here()

    assert [fault[:3] for fault in found if fault[0] != "the focus is not seen"] == [
        ("light", "critical", "label"), ("light", "serious", "color-contrast"), ("dark", "serious", "color-contrast"),
    ]  # fmt: skip
    assert found[1][3] == ['<p class="pale">Pale</p>'], "the same look is looked at once"
    assert "<p>By night</p>" in found[2][3]
    assert found[3:] == [("the focus is not seen", '<button class="blind">Blind</button>')]
    assert sweep.look_here() == found[:1], "what was seen before is not looked at again"
    assert page.evaluate("sweep.wide()")[-1] == '<p style="width: 400px">Wide</p>'
    page.close()
