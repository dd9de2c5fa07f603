"""Views of lists that people keep: who may do what to which, and what stays in the history."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from core import saved_views
from core.actors import Actor
from core.admin import view_counts
from core.admin.site import site
from core.admin.viewed import name_of
from core.errors import Conflict, Invalid, Missing, NotAllowed
from core.looks import Look, difference, moved, named_sort, overlay, placed_sort
from core.models import EventRecord, SavedView, User
from core.saved_views import CHANGE_SHARED, SHARE, change_view, delete_view, look_of, move_view, save_view, visible

TABLE = "core.outgoingmail"
FAILED = Look({"status__exact": ["failed"]}, "lena@example.com", ("-created_at",), ("to", "status"))


@pytest.fixture
def people(db):
    """Return three people and how they act: one who shares, one who does not, one who looks after what is shared."""
    powers = {"maya": {SHARE}, "tom": set(), "ada": {SHARE, CHANGE_SHARED}}
    return {
        name: (User.objects.create_user(name, is_staff=True), Actor("staff", name, frozenset(can)))
        for name, can in powers.items()
    }


@pytest.fixture
def save(people):
    """Save a view as one of the people."""

    def keep(who, name, *, shared=False, look=FAILED, table=TABLE):
        user, actor = people[who]
        return save_view(table, name=name, look=look, owner_id=user.pk, actor=actor, shared=shared)

    return keep


def names(people, who):
    return [view.name for view in visible(TABLE, people[who][0].pk)]


def stored(view):
    return SavedView.objects.get(pk=view.pk)


# --- addresses --------------------------------------------------------------------------------


def test_an_address_lies_on_top_of_the_view_it_names():
    base = Look({"needs": ["late"], "channel__id__exact": ["2"]}, "tea", ("-total",), ("number", "total"))

    same = overlay(base, {"view": ["late"], "p": ["3"]})
    other = overlay(base, {"needs": ["hold"], "channel__id__exact": [""], "q": [""], "o": ["number"], "columns": [""]})

    assert same == base
    assert other == Look({"needs": ["hold"]}, "", ("number",), ())


def test_an_address_says_just_what_differs_from_the_view():
    base = Look({"needs": ["late"], "status__exact": ["placed"]}, "tea", ("-total",), ())
    look = Look({"needs": ["late"], "a": ["1", "2"]}, "", ("-total",), ("number", "total"))

    pairs = difference(look, base)

    assert pairs == [("a", "1"), ("a", "2"), ("status__exact", ""), ("q", ""), ("columns", "number,total")]
    said = {name: [v for k, v in pairs if k == name] for name, _ in pairs}
    assert overlay(base, said) == look


def test_a_sort_is_kept_by_names_and_read_by_places():
    columns = ["action_checkbox", "number", "total"]

    assert named_sort(["-2", "number", "gone", "9"], columns) == ("-total", "number")
    assert placed_sort(("-total", "number", "gone"), columns) == "-2.1"


def test_a_name_is_moved_within_its_row():
    assert moved(["a", "b", "c"], "c", -1) == ["a", "c", "b"]
    assert moved(["a", "b", "c"], "a", -1) == ["a", "b", "c"]
    assert moved(["a", "b", "c"], "x", 1) == ["a", "b", "c"]


# --- services ---------------------------------------------------------------------------------


def test_a_view_keeps_filters_search_sort_and_columns_and_says_so_in_the_history(people, save):
    view = save("maya", "  Failed   mails ")

    assert (view.name, view.slug, view.table, view.shared, view.position) == (
        "Failed mails",
        "failed-mails",
        TABLE,
        False,
        1,
    )
    assert look_of(stored(view)) == FAILED
    record = EventRecord.objects.get(name="core.savedview.created")
    assert (record.actor, record.thread) == ("staff:maya", f"core.savedview:{view.pk}")
    assert record.payload["after"] == {
        "name": "Failed mails",
        "table": TABLE,
        "slug": "failed-mails",
        "shared": False,
        "filters": "status__exact=failed&q=lena%40example.com&o=-created_at&columns=to,status",
    }


def test_a_slug_is_unique_within_its_list_and_outlives_a_new_name(people, save):
    slugs = [save("maya", "Late").slug, save("tom", "Late").slug, save("tom", "Late", table="core.user").slug]
    unsayable = save("tom", "納期").slug
    renamed = change_view(SavedView.objects.get(slug="late", table=TABLE).pk, name="Too late", actor=people["maya"][1])

    assert slugs == ["late", "late-2", "late"]
    assert unsayable == "view"
    assert (renamed.name, renamed.slug) == ("Too late", "late")


@pytest.mark.parametrize(("name", "code"), [("   ", "required"), ("x" * 61, "required"), ("mine", "taken")])
def test_a_name_must_be_there_and_be_ones_only_one(people, save, name, code):
    save("maya", "Mine")

    with pytest.raises(Invalid) as refused:
        save("maya", name)

    assert [(fault["pointer"], fault["code"]) for fault in refused.value.errors] == [("/name", code)]
    assert SavedView.objects.count() == 1


def test_nobody_sees_the_own_views_of_another(people, save):
    save("maya", "Own of Maya")
    save("tom", "Own of Tom")
    save("ada", "Shared by Ada", shared=True)

    assert names(people, "maya") == ["Shared by Ada", "Own of Maya"]
    assert names(people, "tom") == ["Shared by Ada", "Own of Tom"]
    assert [view.name for view in visible(TABLE, None)] == ["Shared by Ada"]


def test_sharing_asks_for_the_permission(people, save):
    with pytest.raises(NotAllowed):
        save("tom", "For all", shared=True)
    own = save("tom", "For me")
    with pytest.raises(NotAllowed):
        change_view(own.pk, shared=True, actor=people["tom"][1])

    assert stored(own).shared is False
    assert SavedView.objects.count() == 1


def test_a_view_of_another_is_changed_by_nobody_and_a_shared_one_by_who_looks_after_them(people, save):
    own, shared = save("maya", "Own"), save("maya", "Shared", shared=True)
    maya, tom, ada = (people[name][1] for name in ("maya", "tom", "ada"))
    everything = (
        lambda view, actor: change_view(view.pk, name="Mine now", actor=actor),
        lambda view, actor: move_view(view.pk, step=1, actor=actor),
        lambda view, actor: delete_view(view.pk, actor=actor),
    )

    for act in everything:
        for actor in (tom, ada):
            with pytest.raises(Missing):
                act(own, actor)
        with pytest.raises(NotAllowed):
            act(shared, tom)
    changed = change_view(shared.pk, name="Better", look=Look({"status__exact": ["sent"]}), actor=ada)

    assert (changed.name, changed.filters, changed.owner_id) == (
        "Better",
        {"status__exact": ["sent"]},
        people["maya"][0].pk,
    )
    assert change_view(own.pk, name="Still mine", actor=maya).name == "Still mine"
    record = EventRecord.objects.filter(name="core.savedview.changed").earliest("pk")
    assert (record.actor, record.payload["before"]["name"], record.payload["after"]["name"]) == (
        "staff:ada",
        "Shared",
        "Better",
    )


def test_a_change_that_changes_nothing_is_no_event(people, save):
    view = save("maya", "Same")

    change_view(view.pk, name="Same", shared=False, look=FAILED, actor=people["maya"][1])

    assert EventRecord.objects.filter(name="core.savedview.changed").count() == 0


def test_views_are_moved_among_those_beside_them(people, save):
    first, second, third = (save("maya", name) for name in ("One", "Two", "Three"))
    save("ada", "Shared", shared=True)

    move_view(third.pk, step=-1, actor=people["maya"][1])
    move_view(first.pk, step=-1, actor=people["maya"][1])

    assert names(people, "maya") == ["Shared", "One", "Three", "Two"]
    assert EventRecord.objects.filter(name="core.savedview.changed").count() == 1
    assert second.pk


def test_a_deleted_view_stays_in_the_history(people, save):
    view = save("maya", "Old")

    delete_view(view.pk, actor=people["maya"][1])

    assert SavedView.objects.count() == 0
    record = EventRecord.objects.get(name="core.savedview.deleted")
    assert (record.subject_id, record.payload["before"]["name"]) == (view.pk, "Old")


def test_nobody_keeps_more_views_of_a_list_than_tabs_can_hold(people, save, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    save("maya", "One")
    save("maya", "Two")

    with pytest.raises(Conflict):
        save("maya", "Three")

    assert save("maya", "Elsewhere", table="core.user").pk
    assert save("tom", "One of Tom").pk


@pytest.mark.parametrize(
    "look", [Look({"a": ["x" * 201]}), Look(search="x\0"), Look({f"a{n}": ["1"] for n in range(31)})]
)
def test_a_view_keeps_no_more_than_an_address_can_say(people, save, look):
    with pytest.raises(Invalid):
        save("maya", "Too much", look=look)


# --- counts -----------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_count_that_takes_too_long_is_given_up_and_the_others_are_counted(rf, monkeypatch):
    admin = site.get_model_admin(EventRecord)
    request = rf.get("/")
    request.user = User.objects.create_superuser("maya")
    EventRecord.objects.create(name="a.b", actor="system")
    monkeypatch.setattr(view_counts, "LONGEST_MS", 400)
    asked = []

    def slow_for_one(admin, request, rows, look):
        asked.append(look.search)
        return rows.extra(where=["pg_sleep(2) IS NOT NULL"]) if look.search == "slow" else rows

    monkeypatch.setattr(view_counts, "narrowed", slow_for_one)
    looks = [(name, Look(search=name)) for name in ("first", "slow", "last")]

    once, again = view_counts.counts(admin, request, looks), view_counts.counts(admin, request, looks)

    assert once == {"first": "1", "last": "1"}
    assert again == {"first": "1", "slow": "", "last": "1"}
    assert asked.count("slow") == 1
    assert EventRecord.objects.count() == 1, "no limit is left on the connection"


def test_when_the_time_is_over_the_rest_is_not_counted(rf, staff, monkeypatch):
    request = rf.get("/")
    request.user = User.objects.get()
    monkeypatch.setattr(view_counts, "BUDGET_S", 0)

    assert view_counts.counts(site.get_model_admin(EventRecord), request, [("all", Look())]) == {}


# --- every list -------------------------------------------------------------------------------


def test_the_columns_of_every_list_have_names_of_their_own(rf, staff):
    request = rf.get("/")
    request.user = User.objects.get(username="maya")

    twice = {}
    for model, admin in site._registry.items():
        columns = [name_of(column) for column in admin.every_column(request)]
        if doubled := {name for name in columns if columns.count(name) > 1}:
            twice[model._meta.label] = doubled

    assert twice == {}


@pytest.mark.parametrize("model", [m for m, admin in site._registry.items() if admin.may_keep_views()], ids=str)
def test_every_list_keeps_views_of_columns_and_search(staff, model):
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    opened = staff.get(page).context["opened"]
    last = [column["name"] for column in opened.columns()][-1]

    answer = staff.post(f"{page}views/", {"name": "Mine", "state": f"columns={last}"})

    assert answer.headers["Location"] == f"{page}?view=mine"
    assert staff.get(f"{page}?view=mine").status_code == 200
    assert SavedView.objects.get().table == model._meta.label_lower


def test_permissions_of_views_can_be_given_to_a_group(staff):
    page = staff.get(reverse("admin:auth_group_add")).content.decode()

    for permission in Permission.objects.filter(codename__in=["share_view", "manage_shared_view"]):
        assert f'value="{permission.pk}"' in page
        assert permission.name in page


def test_a_list_may_be_kept_for_the_way_back_until_one_signs_out(staff):
    page = staff.get(reverse("admin:core_outgoingmail_changelist"))
    record = staff.get(reverse("admin:core_user_change", args=[User.objects.get().pk]))

    assert sorted(page.headers["Cache-Control"].split(", ")) == ["max-age=0", "no-cache", "private"]
    assert "no-store" in record.headers["Cache-Control"]
    assert staff.post(reverse("admin:logout")).headers["Clear-Site-Data"] == '"cache"'
