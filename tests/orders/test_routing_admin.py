"""Routing rules in the back office: written in real fields, compared, switched on and off."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core.models import User
from inventory.models import RoutingRuleSet
from orders.models import RoutingReplay
from tests.orders.rulesets import COSTS, active, draft, rule
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db
ADD = "/admin/inventory/routingruleset/add/"


@pytest.fixture
def ada(shop):
    """Sign in somebody who may do all with routing rules."""
    user = User.objects.create_user("ada", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="routingruleset"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(rules, *rest):
    """Return an address of a set of rules."""
    return "/".join(["/admin/inventory/routingruleset", str(rules.pk), *(rest or ["change"]), ""])


def form(rules=(), parcels=(), *, known=(0, 0), **head):
    """Return what a browser sends: rules and parcels as lists of fields."""
    data = {"name": "Autumn", "currency": "EUR", "note": "", "late": "", "split": "", **head}
    for prefix, rows, initial in (("rules", rules, known[0]), ("parcels", parcels, known[1])):
        data |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": str(initial)}
        data |= {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}
    data |= {"hands-TOTAL_FORMS": "2", "hands-INITIAL_FORMS": "2"}
    for n, code in enumerate(("HAM", "MUC")):
        data |= {f"hands-{n}-warehouse": code, f"hands-{n}-parcel": "0.80"}
    return data


SOUTH = {"name": "South", "do": "prefer", "warehouses": ["MUC"], "destinations": "at, CH; DE 7–9"}


def test_rules_are_written_in_fields_and_kept_as_a_draft(ada):
    sent = form(
        [SOUTH, {"name": "Heavy", "do": "exclude", "warehouses": ["HAM"], "weight_from": "20000", "value_to": "50"}],
        [{"warehouse": "HAM", "zone": "", "base": "4.20", "per_kg": "0.30"}],
        late="1.50",
    )

    answer = ada.post(ADD, sent)

    rules = RoutingRuleSet.objects.get()
    assert answer.headers["Location"] == page(rules)
    assert (rules.name, rules.status, rules.version, rules.currency) == ("Autumn", "draft", 1, "EUR")
    assert rules.content == {
        "rules": [
            {
                "name": "South",
                "do": "prefer",
                "warehouses": ["MUC"],
                "when": {"destinations": ["AT", "CH", "DE 7-9"]},
            },
            {
                "name": "Heavy",
                "do": "exclude",
                "warehouses": ["HAM"],
                "when": {"weight_from": 20000, "value_to": "50"},
            },
        ],
        "costs": {
            "late": "1.50",
            "split": "0",
            "parcels": [{"warehouse": "HAM", "zone": "", "base": "4.20", "per_kg": "0.30"}],
            "handling": [
                {"warehouse": "HAM", "parcel": "0.80", "line": "0", "unit": "0"},
                {"warehouse": "MUC", "parcel": "0.80", "line": "0", "unit": "0"},
            ],
        },
    }


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(ada):
    sent = form(
        [{**SOUTH, "destinations": "Bavaria"}, {"name": "", "do": "choose", "value_from": "9", "value_to": "1"}],
        [{"warehouse": "HAM", "base": "-1"}, {"warehouse": "MUC", "base": "1"}, {"warehouse": "MUC", "base": "2"}],
    )

    answer = ada.post(ADD, sent)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert not RoutingRuleSet.objects.exists()
    assert 'value="Bavaria"' in text
    assert "write a country, and postcodes" in text
    assert "This is below the first figure." in text
    assert "This way stands here twice." in text
    assert answer.context["editor"].problems == 6


def test_costs_of_lateness_need_what_parcels_cost(ada):
    answer = ada.post(ADD, form([SOUTH], late="1.50"))

    assert "This needs what parcels cost, below." in answer.content.decode()
    assert not RoutingRuleSet.objects.exists()


def test_a_row_more_is_asked_for_without_script_and_without_complaint(ada):
    answer = ada.post(ADD, {**form([{**SOUTH, "name": ""}]), "more_rules": "1"})

    assert answer.content.decode().count('class="rule"') == 2
    assert "errorlist" not in answer.content.decode()
    assert 'value="at, CH; DE 7–9"' in answer.content.decode()


def test_an_empty_row_is_no_rule_and_rows_are_put_in_order_and_taken_out(ada):
    rows = [
        {**SOUTH, "ORDER": "2"},
        {**SOUTH, "name": "First", "ORDER": "1"},
        {**SOUTH, "name": "Gone", "ORDER": "3", "DELETE": "on"},
        {"do": "prefer"},
    ]

    ada.post(ADD, form(rows))

    assert [one["name"] for one in RoutingRuleSet.objects.get().content["rules"]] == ["First", "South"]


def test_a_draft_is_edited_and_a_version_that_held_begins_a_new_one(ada):
    rules = draft(rule("choose", "MUC", name="South"), costs=COSTS)

    shown = ada.get(page(rules, "edit"))
    saved = ada.post(page(rules, "edit"), form([SOUTH], known=(1, 2), name="Winter"))
    assert (shown.status_code, saved.status_code) == (200, 302)
    assert RoutingRuleSet.objects.get().name == "Winter"

    held = active(rule("choose", "MUC", name="South"), costs=COSTS)
    assert ada.get(page(held, "edit")).status_code == 403
    again = ada.get(f"{ADD}?from={held.pk}")
    assert 'value="South"' in again.content.decode()
    ada.post(f"{ADD}?from={held.pk}", form([SOUTH], known=(1, 2)))
    assert RoutingRuleSet.objects.order_by("-version").first().based_on_id == held.pk


def test_the_page_tells_rules_costs_and_what_differs(ada):
    active(rule("choose", "MUC", name="South", destinations=["AT"]), costs=COSTS)
    new = draft(
        rule("prefer", "MUC", name="South", destinations=["AT", "CH"], capacity_from=80, after_cut_off=True),
        rule("exclude", "HAM", name="Heavy", weight_from=20000, value_from="5", tags=["cold"], categories=["tea"]),
        costs={**COSTS, "late": "2"},
    )

    text = ada.get(page(new)).content.decode()

    for said in (
        "Goods go to AT or CH",
        "80 % of the day there is planned",
        "MUC serves where it has everything.",
        "The goods weigh at least 20000 g",
        "Something is cold",
        "Compared with Rules (v1), which hold",
        "<del>Goods go to AT → Only MUC may serve.</del>",
        "<del>€1.50</del>",
        "<ins>€2.00</ins>",
        "New draft from these",
    ):
        assert said in text, said


def test_switching_on_and_off_asks_first_and_says_what_happens(ada):
    old, new = active(rule("choose", "HAM")), draft(rule("choose", "MUC"))

    asked = ada.get(page(new, "do", "activate")).content.decode()
    ada.post(page(new, "do", "activate"), {"reason": "Cheaper"})
    back = ada.post(page(old, "do", "activate"), {"reason": ""})
    ada.post(page(old, "do", "retire"), {"reason": ""})

    assert "Rules (v1) hold no more; one click brings them back." in asked
    assert back.status_code == 302
    assert set(RoutingRuleSet.objects.values_list("version", "status")) == {(1, "retired"), (2, "retired")}


def test_who_may_only_look_changes_nothing(shop):
    rules = draft(rule("choose", "MUC"))
    user = User.objects.create_user("tom", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_routingruleset"))
    tom = Client()
    tom.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert tom.get(page(rules)).status_code == 200
    assert tom.get(ADD).status_code == 403
    assert tom.get(page(rules, "edit")).status_code == 403
    assert tom.post(page(rules, "do", "activate"), {"reason": ""}).status_code == 403
    assert RoutingRuleSet.objects.get().status == "draft"


def test_a_page_of_rules_asks_the_database_little(ada, django_assert_max_num_queries):
    active(costs=COSTS)
    new = draft(*[rule("choose", "MUC", name=f"Rule {n}") for n in range(20)], costs=COSTS)

    with django_assert_max_num_queries(20):
        assert ada.get(page(new)).status_code == 200
    with django_assert_max_num_queries(20):
        assert ada.get(page(new, "edit")).status_code == 200


def test_a_replay_is_asked_for_and_told_side_by_side(ada, run_debts):
    order = placed_order()
    rules = draft(rule("choose", "MUC"), costs=COSTS)

    asked = ada.get(page(rules, "do", "replay")).content.decode()
    wrong = ada.post(page(rules, "do", "replay"), {"orders": "0"})
    sent = ada.post(page(rules, "do", "replay"), {"orders": "50"})
    waiting = ada.get(page(rules)).content.decode()
    run_debts()
    told = ada.get(page(rules)).content.decode()

    assert "Nothing is written: no order, no stock, no promise changes." in asked
    assert (wrong.status_code, sent.status_code) == (200, 302)
    assert "Waits for its turn." in waiting
    for said in (
        "Of 1 order from",
        "as many late orders, €2.35 less per order, 1 order from another warehouse.",
        "−€2.35",
        "Parcels from Warehouse MUC",
        str(order.number),
        "HAM → MUC",
        "How this is reckoned",
    ):
        assert said in told, said


def test_a_replay_that_fails_says_so_and_runs_no_more(ada, run_debts, monkeypatch):
    rules = draft(rule("choose", "MUC"))
    ada.post(page(rules, "do", "replay"), {"orders": "50"})

    def fail(*given, **named):
        raise RuntimeError

    monkeypatch.setattr("orders.services.replay.replay", fail)
    run_debts()

    assert "The replay failed; nothing was changed." in ada.get(page(rules)).content.decode()
    assert RoutingReplay.objects.get().status == "failed"


def test_a_past_without_orders_is_told_as_such(ada, run_debts):
    rules = draft(rule("choose", "MUC"))
    ada.post(page(rules, "do", "replay"), {"orders": "50"})
    run_debts()

    assert "there is no past to replay" in ada.get(page(rules)).content.decode()
