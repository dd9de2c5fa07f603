"""What the customer gets back: money on the way it came, or store credit. He chooses; who changes it says why."""

from decimal import Decimal as D

import pytest
from django.utils import translation

from billing.models import Payment, Refund, StoreCredit
from core.models import EventRecord, OutgoingMail
from customers.models import Customer
from orders.models import Order
from returns import selectors
from returns import services as returns
from returns.errors import ChangeUnexplained, CreditNotOffered, ReturnSettled
from returns.models import ReturnPolicy, ReturnRequest
from tests.factories.returns import CUSTOMER, MAYA, again, authorized, delivered_order, inspected, received, requested

pytestmark = pytest.mark.django_db
MUG = {"MUG-RED": 1}
RETURNS = "/api/v1/returns/"


@pytest.fixture
def offered(seller):
    """A shop that offers store credit instead of money."""
    ReturnPolicy.objects.create(offers_credit=True)
    return seller


def credit():
    return {row.currency: row.balance for row in StoreCredit.objects.all()}


def mail(kind):
    return OutgoingMail.objects.get(kind=kind)


def test_what_is_chosen_goes_back_when_the_return_is_settled(offered, run_debts, all_is_true):
    order = delivered_order()
    found = inspected(order, MUG, refund_as="credit")
    returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    [refund] = Refund.objects.all()
    assert (refund.amount, refund.to_credit, refund.status) == (D("5.95"), True, "succeeded")
    assert credit() == {"EUR": D("5.950")}
    assert ReturnRequest.objects.get().status == "closed"
    assert (again(order).refunded_total, again(order).balance_due) == (D("5.95"), 0)


@pytest.mark.parametrize("chosen", ["", "money"])
def test_money_goes_back_the_way_it_came_where_nothing_else_was_chosen(offered, run_debts, all_is_true, chosen):
    found = inspected(delivered_order(), MUG, refund_as=chosen)
    returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    [refund] = Refund.objects.all()
    assert (refund.amount, refund.to_credit) == (D("5.95"), False)
    assert credit() == {}


def test_credit_is_chosen_only_where_the_policy_offers_it(seller):
    order = delivered_order()
    for policy in ({}, {"channel": order.channel, "offers_credit": False}):
        if policy:
            ReturnPolicy.objects.create(offers_credit=True)
            ReturnPolicy.objects.create(**policy)
        with pytest.raises(CreditNotOffered) as refused:
            requested(order, MUG, refund_as="credit")
        assert refused.value.errors[0]["pointer"] == "/refund_as"
    assert not ReturnRequest.objects.exists()
    assert again(order).open_returns == 0
    # Who stands behind the counter may agree to it beyond the policy.
    assert requested(order, MUG, actor=MAYA, refund_as="credit").wants_credit


def test_nobody_is_asked_where_it_would_be_nobodys_or_no_money_came_in(offered):
    unpaid = delivered_order(paid=False)
    assert not selectors.offers_credit(unpaid)
    paid = delivered_order({"MUG-RED": 4})
    assert selectors.offers_credit(paid)
    Payment.objects.filter(order=paid).update(gateway="store_credit")
    assert not selectors.offers_credit(paid)
    Payment.objects.filter(order=paid).update(gateway="manual")
    Order.objects.filter(pk=paid.pk).update(customer=None)
    assert not selectors.offers_credit(again(paid))
    for order, actor in ((unpaid, CUSTOMER), (paid, CUSTOMER), (paid, MAYA)):
        with pytest.raises(CreditNotOffered):
            requested(again(order), MUG, actor=actor, refund_as="credit")


def test_who_changes_it_says_why_and_the_customer_reads_it(offered, run_debts):
    order = delivered_order()
    Order.objects.filter(pk=order.pk).update(language="en")
    found = authorized(order, MUG, refund_as="money")
    with pytest.raises(ChangeUnexplained) as refused:
        returns.change_refund_as(found.pk, refund_as="credit", reason="  ", actor=MAYA)
    assert refused.value.errors[0]["pointer"] == "/reason"
    assert ReturnRequest.objects.get().refund_as == "money"
    returns.change_refund_as(found.pk, refund_as="credit", reason="Asked for it on the telephone", actor=MAYA)
    returns.change_refund_as(found.pk, refund_as="credit", reason="Pressed twice", actor=MAYA)
    run_debts()

    assert ReturnRequest.objects.get().refund_as == "credit"
    note = EventRecord.objects.get(name="returns.returnrequest.changed")
    assert (note.actor, note.note, note.payload["before"], note.payload["after"]) == (
        "staff:maya",
        "Asked for it on the telephone",
        {"refund_as": "money"},
        {"refund_as": "credit"},
    )
    told = mail("return_refund_as_changed")
    assert told.subject == f"What you get back for your return {found.number}"
    for said in (
        f"for your return {found.number} you get store credit instead of your money.",
        "Why: Asked for it on the telephone",
        "you need not take store credit.",
    ):
        assert said in told.text
        assert said in told.html
    returns.change_refund_as(found.pk, refund_as="money", reason="Rather not", actor=MAYA)
    run_debts()
    last = OutgoingMail.objects.filter(kind="return_refund_as_changed").latest("pk")
    assert "your money goes back the way you paid, not store credit." in last.text
    assert "need not take" not in last.text


def test_settling_keeps_to_the_choice_unless_somebody_says_why_not(offered, run_debts, all_is_true):
    found = inspected(delivered_order(), MUG, refund_as="credit")
    with pytest.raises(ChangeUnexplained):
        returns.resolve_return(found.pk, to_credit=False, actor=MAYA)
    assert ReturnRequest.objects.get().status == "inspected"
    assert not Refund.objects.exists()
    returns.resolve_return(found.pk, to_credit=False, reason="Wants the money after all", actor=MAYA)
    run_debts()

    assert not Refund.objects.get().to_credit
    assert ReturnRequest.objects.get().refund_as == "money"
    assert "Wants the money after all" in mail("return_refund_as_changed").text


def test_who_was_not_asked_gets_what_staff_decide_without_a_reason(offered, run_debts, all_is_true):
    found = inspected(delivered_order(), MUG)
    returns.resolve_return(found.pk, to_credit=True, actor=MAYA)
    run_debts()

    assert Refund.objects.get().to_credit
    assert not OutgoingMail.objects.filter(kind="return_refund_as_changed").exists()


def test_what_went_back_is_not_changed_any_more(offered, run_debts):
    found = inspected(delivered_order(), MUG, refund_as="credit")
    returns.resolve_return(found.pk, actor=MAYA)
    for _state in ("resolved", "closed"):
        with pytest.raises(ReturnSettled):
            returns.change_refund_as(found.pk, refund_as="money", reason="Too late", actor=MAYA)
        run_debts()
    over = requested(delivered_order({"MUG-RED": 4}), MUG, refund_as="credit")
    returns.cancel_return(over.pk, actor=MAYA)
    with pytest.raises(ReturnSettled):
        returns.change_refund_as(over.pk, refund_as="money", reason="Too late", actor=MAYA)
    assert ReturnRequest.objects.get(pk=found.pk).refund_as == "credit"


def test_mails_say_what_was_chosen_and_what_went_back(offered, run_debts):
    order = delivered_order()
    Order.objects.filter(pk=order.pk).update(language="en")
    found = received(order, MUG, refund_as="credit")
    returns.inspect_return(found.pk, decisions=_restock(found), actor=MAYA)
    returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    for kind, said in (
        ("return_requested", "As you chose, you get store credit for it, for a later order."),
        ("return_authorized", "Once it is here and we have looked at it, you get your store credit."),
        ("refunded", f"you have €5.95 more of store credit, for your order {order.number}."),
        ("refunded", "€5.95 as store credit"),
        ("refunded", "It pays for your next order: sign in, and choose it at the check-out."),
    ):
        assert said in mail(kind).text, said
        assert said in mail(kind).html, said
    assert "the way it came" not in mail("refunded").text
    assert "Depending on your bank" not in mail("refunded").html


def test_mails_about_money_say_what_they_said(offered, run_debts):
    order = delivered_order()
    Order.objects.filter(pk=order.pk).update(language="en")
    found = inspected(order, MUG, refund_as="money")
    returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    assert "As you chose, your money goes back the way you paid." in mail("return_requested").text
    assert "we send your money back the way you paid." in mail("return_authorized").text
    for said in ("we have sent €5.95 back to you", "€5.95 the way it came: ", "Depending on your bank"):
        assert said in mail("refunded").text, said


def test_a_mail_to_who_was_not_asked_is_as_it_was(seller, run_debts):
    requested(delivered_order(), MUG)
    run_debts()

    kept = mail("return_requested")
    assert "As you chose" not in kept.text + kept.html
    assert "  1 × Red mug\n\nPlease keep the goods" in kept.text


def test_the_api_carries_the_choice_and_changes_it_for_a_reason(offered, api, run_debts):
    order = delivered_order()
    lines = [{"sku": "MUG-RED", "quantity": 1}]
    odd = api.post(RETURNS, {"order": order.number, "lines": lines, "refund_as": "gold"}, format="json")
    assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (400, "/refund_as")
    asked = api.post(RETURNS, {"order": order.number, "lines": lines, "refund_as": "credit"}, format="json")
    assert (asked.status_code, asked.json()["refund_as"]) == (201, "credit")
    address = f"{RETURNS}{asked.json()['number']}/refund-as/"
    mute = api.post(address, {"refund_as": "money"}, format="json")
    assert (mute.status_code, mute.json()["errors"][0]["pointer"]) == (400, "/reason")
    changed = api.post(address, {"refund_as": "money", "reason": "Rather not"}, format="json")
    assert (changed.status_code, changed.json()["refund_as"]) == (200, "money")
    assert api.get(f"{RETURNS}{asked.json()['number']}/").json()["refund_as"] == "money"
    ReturnPolicy.objects.update(offers_credit=False)
    refused = api.post(RETURNS, {"order": order.number, "lines": lines, "refund_as": "credit"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "credit_not_offered")


def test_settling_over_the_api_follows_the_choice_and_asks_why_not(offered, api, run_debts):
    found = inspected(delivered_order(), MUG, refund_as="credit")
    address = f"{RETURNS}{found.number}/resolve/"
    refused = api.post(address, {"to_credit": False}, format="json", headers={"Idempotency-Key": "r1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "reason_missing")
    assert refused.json()["errors"][0]["pointer"] == "/reason"
    done = api.post(address, {}, format="json", headers={"Idempotency-Key": "r2"})
    assert done.status_code == 200, done.json()
    run_debts()
    assert Refund.objects.get().to_credit


def page(found, step):
    return f"/admin/returns/returnrequest/{found.pk}/do/{step}/"


def test_staff_see_the_choice_and_change_it_at_the_desk(offered, staff, run_debts):
    found = inspected(delivered_order(), MUG, refund_as="credit")
    shown = staff.get(f"/admin/returns/returnrequest/{found.pk}/change/").content.decode()
    assert "wanted back as" in shown.lower()
    assert page(found, "refund_as") in shown
    settle = staff.get(page(found, "resolve"))
    assert settle.context["form"]["to_credit"].value() is True
    assert "€5.95 becomes store credit of the customer, as they chose" in settle.content.decode()
    mute = staff.post(page(found, "resolve"), {"reason": ""})
    assert (mute.status_code, list(mute.context["form"].errors)) == (200, ["reason"])
    assert staff.post(page(found, "refund_as"), {"refund_as": "money", "reason": "Rather not"}).status_code == 302
    assert ReturnRequest.objects.get().refund_as == "money"
    settle = staff.get(page(found, "resolve"))
    assert settle.context["form"]["to_credit"].value() is False
    assert staff.post(page(found, "resolve"), {}).status_code == 302
    run_debts()
    assert not Refund.objects.get().to_credit
    assert staff.get(page(found, "refund_as")).status_code == 409


def test_staff_write_down_what_a_customer_chose_and_no_credit_of_nobody(offered, staff):
    order = delivered_order()
    line = order.lines.get(sku="MUG-RED")
    address = f"/admin/returns/returnrequest/request/{order.pk}/"
    typed = {f"units_{line.pk}": "1", "reason": "Too red", "note": "", "refund_as": "credit"}
    assert staff.post(address, typed).status_code == 302
    found = ReturnRequest.objects.get()
    assert found.wants_credit
    Order.objects.filter(pk=order.pk).update(customer=None)
    assert "refund_as" not in staff.get(address).context["form"].fields
    assert (
        page(found, "refund_as") not in staff.get(f"/admin/returns/returnrequest/{found.pk}/change/").content.decode()
    )
    listed = staff.get("/admin/returns/returnrequest/?refund_as__exact=credit").content.decode()
    assert str(found.number) in listed


def test_everything_is_said_in_german(offered, run_debts):
    order = delivered_order()
    Order.objects.filter(pk=order.pk).update(language="de")
    Customer.objects.update(language="de")
    found = requested(order, MUG, refund_as="credit")
    run_debts()
    assert "Wie gewählt bekommen Sie dafür Guthaben" in mail("return_requested").text
    with translation.override("de"):
        assert found.get_refund_as_display() == "Guthaben"


def _restock(found):
    return {line.pk: returns.Decision("restock") for line in found.lines.all()}
