"""Saved views of the list of orders: opened, changed, counted, and the same in the API."""

import re

import pytest
from django.contrib.messages import get_messages

from core.looks import Look
from core.models import EventRecord, SavedView, User
from core.saved_views import look_of
from orders.models import Order
from tests.orders.views import LIST, keep, shown

pytestmark = pytest.mark.django_db


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def tabs(answer):
    return {str(tab["label"]): tab for tab in answer.context["tabs"]}


# --- opened -----------------------------------------------------------------------------------


def test_an_address_of_a_view_alone_restores_all_of_it(desk, three):
    maya = desk("maya")
    look = Look({"status__exact": ["confirmed", "verified"]}, "", ("total",), ("number", "total", "customer_name"))
    keep(maya, "Cheap first", look)

    answer = maya.get(f"{LIST}?view=cheap-first")

    totals = [order.total for order in answer.context["cl"].result_list]
    assert len(totals) == 2
    assert totals == sorted(totals)
    assert [column["name"] for column in answer.context["columns"] if column["shown"]] == list(look.columns)
    heads = re.findall(r'<th scope="col"[^>]*column-(\w+)', answer.content.decode())
    assert heads == ["number", "total", "customer_name"]
    tab = tabs(answer)["Cheap first"]
    assert (tab["open"], tab["changed"]) == (True, False)
    assert [str(one["label"]) for one in answer.context["tabs"] if one["open"]] == ["Cheap first"]


def test_the_built_in_tabs_stand_first_and_are_open_as_ever(desk, three):
    maya = desk("maya")
    keep(maya, "Mine", Look({"needs": ["late"]}))

    answer = maya.get(f"{LIST}?needs=late")

    assert list(tabs(answer))[:3] == ["All", "Late", "On hold"]
    assert list(tabs(answer))[-1] == "Mine"
    assert [str(tab["label"]) for tab in answer.context["tabs"] if tab["open"]] == ["Late"]


def test_filters_on_top_of_a_view_mark_it_as_changed_and_the_address_says_only_them(desk, three):
    maya = desk("maya")
    waiting, confirmed, _held = three
    keep(maya, "Confirmed", Look({"status__exact": ["confirmed"]}))

    narrowed = maya.get(f"{LIST}?view=confirmed&q={confirmed.number}")
    widened = maya.get(f"{LIST}?view=confirmed&status__exact=&o=number")

    assert [order.number for order in narrowed.context["cl"].result_list] == [confirmed.number]
    assert [order.number for order in widened.context["cl"].result_list][0] == waiting.number
    assert len(widened.context["cl"].result_list) == 3
    for answer in (narrowed, widened):
        page = answer.content.decode()
        assert tabs(answer)["Confirmed"]["changed"] is True
        assert all(word in page for word in ("· changed", "Save as new", ">Reset</a>", 'value="save"'))
    assert 'href="?view=confirmed&amp;status__exact=&amp;o=-number"' in widened.content.decode()
    links = re.findall(r'href="(\?view=confirmed[^"]*)"', narrowed.content.decode())
    assert f"?view=confirmed&amp;needs=late&amp;q={confirmed.number}" in links


def test_a_search_in_a_view_keeps_the_view(desk, three):
    maya = desk("maya")
    keep(maya, "Confirmed", Look({"status__exact": ["confirmed"]}))

    form = re.search(
        r'<form id="changelist-search".*?</form>', maya.get(f"{LIST}?view=confirmed").content.decode(), re.S
    )

    assert re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]) == [("view", "confirmed")]


def test_a_bulk_step_re_reads_the_filter_of_the_view(desk, three):
    maya = desk("maya")
    _waiting, confirmed, _held = three
    keep(maya, "Confirmed", Look({"status__exact": ["confirmed"]}))
    chosen = {"action": "complete_many", "index": "0", "select_across": "1", "_selected_action": [str(confirmed.pk)]}

    answer = maya.post(f"{LIST}?view=confirmed", chosen)

    assert answer.context["count"] == 1
    assert answer.context["back"] == f"{LIST}?view=confirmed"


def test_an_unknown_view_is_told_and_nothing_breaks(desk, three):
    maya, tom = desk("maya"), desk("tom")
    keep(tom, "Of Tom", Look({"needs": ["late"]}))

    for slug in ("no-such", "of-tom"):
        answer = maya.get(f"{LIST}?view={slug}&needs=hold")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{LIST}?needs=hold")
        assert said(answer)[-1] == "There is no such view any more; all rows are shown."


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"channel__id__exact": ["999999"]}, "Channel"),
        ({"needs": ["nothing-known"]}, "Needs"),
        ({"gone__exact": ["1"]}, "Gone exact"),
        ({"placed_at__gte": ["soon"]}, "Placed at"),
        ({"customer__user__password__startswith": ["x"]}, "Customer"),
        ({"status__exact": ["vanished"]}, "Status"),
    ],
)
def test_what_a_view_keeps_and_is_no_more_is_left_out_with_a_word(desk, three, filters, told):
    maya = desk("maya")
    view = keep(maya, "Old", Look({"payment_status__exact": ["unpaid"]}))
    SavedView.objects.filter(pk=view.pk).update(filters={**view.filters, **filters})

    answer = maya.get(f"{LIST}?view=old", follow=True)

    assert answer.redirect_chain == [(f"{LIST}?view=old&{next(iter(filters))}=", 302)]
    assert answer.status_code == 200
    assert len(answer.context["cl"].result_list) == Order.objects.filter(payment_status="unpaid").count() > 0
    assert said(answer) == [f"“{told}” of this view does not exist any more and was left out."]
    assert "· changed" in answer.content.decode()


def test_a_column_that_is_no_more_is_left_out_with_a_word(desk, three):
    maya = desk("maya")
    keep(maya, "Old", Look(sort=("-gone",), columns=("number", "gone", "total")))

    answer = maya.get(f"{LIST}?view=old")

    assert said(answer) == ["“Gone” of this view does not exist any more and was left out."]
    assert answer.context["opened"].look == Look(columns=("number", "total"))


# --- done -------------------------------------------------------------------------------------


def test_a_list_is_saved_from_where_it_stands_and_comes_back_as_a_tab(desk, three):
    maya = desk("maya", "share_view")
    page = maya.get(f"{LIST}?needs=hold&o=-total").content.decode()
    state = re.search(r'name="state" value="([^"]*)"', page)[1].replace("&amp;", "&")

    answer = maya.post(f"{LIST}views/", {"name": "Held, dear first", "shared": "on", "state": state}, follow=True)

    assert answer.redirect_chain == [(f"{LIST}?view=held-dear-first", 302)]
    view = SavedView.objects.get()
    assert (view.shared, view.owner_id, look_of(view)) == (
        True,
        maya.user.pk,
        Look({"needs": ["hold"]}, "", ("-total",)),
    )
    assert tabs(answer)["Held, dear first"]["open"] is True


def test_what_is_wrong_is_said_beside_the_name_and_nothing_typed_is_lost(desk, three):
    maya = desk("maya")

    answer = maya.post(f"{LIST}views/", {"name": " ", "state": "needs=hold"})

    assert answer.status_code == 200
    page = answer.content.decode()
    assert "This field is required." in page
    assert 'name="state" value="needs=hold"' in page
    assert SavedView.objects.count() == 0


def test_who_may_not_share_is_not_offered_it_and_cannot_do_it(desk, three):
    tom = desk("tom")

    assert 'name="shared"' not in tom.get(f"{LIST}?needs=hold").content.decode()
    tom.post(f"{LIST}views/", {"name": "Held", "shared": "on", "state": "needs=hold"})

    assert SavedView.objects.get().shared is False


def test_a_filter_that_may_not_be_asked_is_not_saved(desk, three):
    maya = desk("maya")

    answer = maya.post(f"{LIST}views/", {"name": "Spy", "state": "customer__user__password__startswith=x"})

    assert "One of these filters does not exist any more" in answer.content.decode()
    assert SavedView.objects.count() == 0


def test_a_view_is_saved_over_renamed_moved_and_deleted_by_its_owner(desk, three):
    maya = desk("maya", "share_view")
    keep(maya, "First", Look({"needs": ["late"]}))
    view = keep(maya, "Held", Look({"needs": ["hold"]}))
    page = f"{LIST}view-held/"

    maya.post(page, {"do": "save", "state": "needs=hold&q=tea"})
    maya.post(page, {"do": "change", "name": "Held tea"})
    maya.post(page, {"do": "earlier"})
    renamed = SavedView.objects.get(pk=view.pk)
    left = list(SavedView.objects.order_by("position").values_list("name", flat=True))
    gone = maya.post(page, {"do": "delete"})

    assert (look_of(renamed), renamed.name, renamed.slug) == (Look({"needs": ["hold"]}, "tea"), "Held tea", "held")
    assert left == ["Held tea", "First"]
    assert gone.headers["Location"] == LIST
    assert list(SavedView.objects.values_list("name", flat=True)) == ["First"]
    assert EventRecord.objects.filter(thread=f"core.savedview:{view.pk}").count() == 5


def test_a_get_changes_nothing(desk, three):
    maya = desk("maya")
    keep(maya, "Held", Look({"needs": ["hold"]}))

    pages = (
        "views/?name=x&state=needs=late",
        "view-held/?do=delete",
        "tab-counts/",
        "columns/?columns=total&view=held",
    )
    answers = [maya.get(LIST + page).status_code for page in pages]

    assert answers == [302, 200, 200, 302]
    assert list(SavedView.objects.values_list("name", "position")) == [("Held", 1)]


def test_a_shared_view_of_another_can_be_used_and_copied_but_not_changed(desk, three):
    ada, tom = desk("ada"), desk("tom")
    keep(ada, "Held", Look({"needs": ["hold"]}), shared=True)
    _waiting, _confirmed, held = three

    page = tom.get(f"{LIST}?view=held").content.decode()

    assert shown(tom, "?view=held") == [held.number]
    assert ">Copy</summary>" in page
    assert "shared by ada" in page
    assert f"{LIST}view-held/" not in page
    assert tom.get(f"{LIST}view-held/").status_code == 403
    for act in ("save", "change", "earlier", "delete"):
        assert tom.post(f"{LIST}view-held/", {"do": act, "name": "Mine", "state": ""}).status_code == 403
    assert SavedView.objects.get().filters == {"needs": ["hold"]}
    tom.post(f"{LIST}views/", {"name": "Held, mine", "state": "needs=hold"})
    assert SavedView.objects.get(slug="held-mine").owner == tom.user


def test_an_own_view_of_another_is_not_there(desk, three):
    ada, tom = desk("ada", "share_view", "manage_shared_view"), desk("tom")
    keep(tom, "Of Tom", Look({"needs": ["hold"]}))

    assert "Of Tom" not in ada.get(LIST).content.decode()
    assert ada.get(f"{LIST}view-of-tom/").status_code == 404
    assert ada.post(f"{LIST}view-of-tom/", {"do": "delete"}).status_code == 404
    assert "?view=of-tom" not in ada.get(f"{LIST}tab-counts/").json()["counts"]
    assert SavedView.objects.count() == 1


def test_who_looks_after_shared_views_changes_them(desk, three):
    maya, ada = desk("maya"), desk("ada", "manage_shared_view")
    keep(maya, "Held", Look({"needs": ["hold"]}), shared=True)

    page = ada.get(f"{LIST}view-held/").content.decode()
    ada.post(f"{LIST}view-held/", {"do": "change", "name": "On hold now", "shared": "on"})

    assert "This view belongs to maya and is shared with everybody." in page
    assert SavedView.objects.get().name == "On hold now"


def test_who_may_not_see_the_list_has_nothing_to_do_with_its_views(client, shop):
    nobody = User.objects.create_user("nobody", password="x", is_staff=True)
    client.force_login(nobody, backend="django.contrib.auth.backends.ModelBackend")

    for page in ("views/", "view-held/", "tab-counts/", "columns/"):
        assert client.get(LIST + page).status_code == 403
    assert client.post(f"{LIST}views/", {"name": "Mine", "state": ""}).status_code == 403
    assert SavedView.objects.count() == 0


# --- columns ----------------------------------------------------------------------------------


def test_columns_are_chosen_and_put_in_order_in_the_address(desk, three):
    maya = desk("maya")

    chosen = maya.get(
        f"{LIST}columns/?needs=hold&columns=number&columns=total&columns=balance_due&columns=status&down=total"
    )
    usual = "number status customer_name placed_at promised_on payment_status fulfillment_status total channel"
    as_ever = maya.get(f"{LIST}columns/?columns={usual.replace(' ', '&columns=')}")

    assert chosen.headers["Location"] == f"{LIST}?needs=hold&columns=number,balance_due,total,status"
    page = maya.get(chosen.headers["Location"]).content.decode()
    assert re.findall(r'<th scope="col"[^>]*column-(\w+)', page) == ["number", "balance_due", "total", "status"]
    assert as_ever.headers["Location"] == f"{LIST}?"


def test_the_column_that_leads_to_the_record_is_always_there(desk, three):
    maya = desk("maya")

    page = maya.get(f"{LIST}?columns=total").content.decode()

    assert re.findall(r'<th scope="col"[^>]*column-(\w+)', page) == ["number", "total"]
    assert page.count(f'<a href="{LIST}{three[0].pk}/change/') == 1


def test_a_sort_stays_with_its_column_when_columns_move(desk, three):
    maya = desk("maya")

    one = shown(maya, "?o=-total&columns=number,total")
    other = shown(maya, "?o=-total&columns=number,customer_name,status,total")

    assert one == other == shown(maya, "?o=-8"), "the place of a column is understood, too"
