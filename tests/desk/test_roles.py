"""The roles of every installation: made once, brought up to date, and never against an administrator's will."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from core import roles
from core.models import EventRecord, Role

pytestmark = pytest.mark.django_db
CODES = {"desk", "warehouse", "finance", "manager", "administrator"}


def held(code):
    """Return what the group of a role may do."""
    pairs = roles.group_of(code).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in pairs}


def permission(name):
    """Return a permission by its name."""
    app, _dot, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_every_installation_has_the_five_groups_with_all_that_was_declared():
    assert set(roles.ROLES) == CODES == set(Role.objects.values_list("code", flat=True))
    assert {code: held(code) for code in CODES} == {code: set(roles.ROLES[code].permissions) for code in CODES}
    assert roles.group_of("desk").name == "Order desk"
    assert not EventRecord.objects.exists(), "an installation begins without a history"


def test_to_see_to_the_roles_again_changes_nothing(django_assert_num_queries):
    # The roles and the permissions; the transaction is two.
    with django_assert_num_queries(4):
        roles.ensure_roles()

    assert {code: held(code) for code in CODES} == {code: set(roles.ROLES[code].permissions) for code in CODES}


def test_what_an_administrator_changed_stays_changed():
    desk, finance = roles.group_of("desk"), roles.group_of("finance")
    desk.name = "Customer service"
    desk.save()
    desk.permissions.remove(permission("orders.waive_check"))
    desk.permissions.add(permission("pricing.view_channel"))
    finance.delete()

    roles.ensure_roles()

    assert roles.group_of("desk").name == "Customer service"
    assert "orders.waive_check" not in held("desk")
    assert "pricing.view_channel" in held("desk")
    assert roles.group_of("finance") is None
    assert not Group.objects.filter(name="Finance").exists()


def test_what_is_new_in_a_version_is_given_once_and_written_down(monkeypatch):
    desk = roles.group_of("desk")
    desk.permissions.remove(permission("orders.waive_check"))
    before = held("desk")
    declared = roles.ROLES["desk"]
    monkeypatch.setitem(
        roles.ROLES,
        "desk",
        roles.Declared("desk", "Order desk", declared.permissions | {"pricing.view_zone", "no.such"}),
    )

    roles.ensure_roles()
    roles.ensure_roles()

    assert held("desk") == before | {"pricing.view_zone"}
    record = EventRecord.objects.get()
    assert (record.name, record.subject_id) == ("auth.group.changed", desk.pk)
    assert record.payload == {"before": {}, "after": {"permissions": ["pricing.view_zone"]}}


def test_a_group_of_that_name_which_was_there_before_is_taken_as_it_is():
    Role.objects.filter(code="finance").delete()
    group = Group.objects.get(name="Finance")
    group.permissions.set([permission("billing.view_invoice")])

    roles.ensure_roles()

    assert roles.group_of("finance") == group
    assert held("finance") == {"billing.view_invoice"}


def test_the_groups_are_called_in_the_language_of_the_house(settings):
    settings.LANGUAGE_CODE = "de"
    Group.objects.all().delete()
    Role.objects.all().delete()

    roles.ensure_roles()

    assert roles.group_of("finance").name == "Finanzen"


def test_they_are_seen_to_after_the_last_app_and_not_on_the_way_back(monkeypatch):
    asked = []
    monkeypatch.setattr(roles, "ensure_roles", lambda: asked.append(1))
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]

    roles.after_migrating(sender=apps.get_app_config("core"), apps=apps)
    assert asked == []
    roles.after_migrating(sender=last, apps=apps)
    assert asked == [1]


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_a_role_is_given_exists_and_nobody_deletes(code):
    every = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}

    assert roles.ROLES[code].permissions - every == set()
    assert [name for name in roles.ROLES[code].permissions if ".delete_" in name] == []


def test_only_who_answers_for_the_day_may_move_both_goods_and_money():
    assert {code for code in CODES if "billing.operate_payment" in held(code)} == {"finance", "manager"}
    assert {code for code in CODES if "fulfillment.operate_fulfillmentorder" in held(code)} == {"warehouse", "manager"}
    assert {code for code in CODES if "core.change_user" in held(code)} == {"administrator"}
