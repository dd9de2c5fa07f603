"""The second step: what a code is good for, what is kept of it, and who hears of a change."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from core import encryption, second_step
from core.actors import Actor
from core.admin import history
from core.models import BrowserSession, EventRecord, OutgoingMail, RecoveryCode, SecondStep, User
from tests.core.phones import Clock, Phone, pair

MAYA = Actor("staff", "maya")


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(second_step, "time", clock)
    return clock


@pytest.fixture
def maya(db):
    return User.objects.create_user("maya", "maya@example.com", "right-and-long", is_staff=True, first_name="Maya")


def use(user, code):
    return second_step.use_code(user.pk, code, actor=MAYA)


def kept_mails(run_debts):
    run_debts()
    return [(mail.subject, mail.to) for mail in OutgoingMail.objects.order_by("pk")]


def test_it_is_turned_on_by_the_code_that_the_app_shows(maya, clock):
    phone = Phone(clock)

    codes = second_step.turn_on(maya.pk, secret=phone.secret, code=phone.shows(), actor=MAYA)

    assert User.objects.get().second_step_since is not None
    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {19}


def test_a_wrong_code_turns_nothing_on(maya, clock):
    phone = Phone(clock)

    with pytest.raises(second_step.WrongCode):
        second_step.turn_on(maya.pk, secret=phone.secret, code=phone.wrong(), actor=MAYA)

    assert User.objects.get().second_step_since is None
    assert not SecondStep.objects.exists()
    assert not RecoveryCode.objects.exists()


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "x" * 400, "\0" * 6])
def test_what_is_no_code_is_a_wrong_one(maya, clock, typed):
    pair(maya, clock)

    assert not use(maya, typed)
    other = User.objects.create_user("tom", is_staff=True)
    with pytest.raises(second_step.WrongCode):
        second_step.turn_on(other.pk, secret=Phone(clock).secret, code=typed, actor=MAYA)


@pytest.mark.parametrize(("late", "good"), [(2, False), (1, True), (0, True), (-1, True), (-2, False)])
def test_a_clock_may_differ_by_half_a_minute(maya, clock, late, good):
    phone, _codes = pair(maya, clock)

    assert use(maya, phone.shows(late=late)) is good


def test_a_code_works_once_within_its_time(maya, clock):
    phone, _codes = pair(maya, clock)

    assert use(maya, phone.shows())
    assert not use(maya, phone.shows())
    clock.forward(half_minutes=1)
    assert not use(maya, phone.shows(late=1))
    assert use(maya, phone.shows())


def test_after_a_code_the_ones_before_it_are_worthless(maya, clock):
    phone, _codes = pair(maya, clock)

    assert use(maya, phone.shows(late=-1))
    assert not use(maya, phone.shows())


def test_the_code_that_turned_it_on_does_not_sign_in(maya, clock):
    phone = Phone(clock)
    second_step.turn_on(maya.pk, secret=phone.secret, code=phone.shows(), actor=MAYA)

    assert not use(maya, phone.shows())


def test_blanks_and_hyphens_in_a_code_do_no_harm(maya, clock):
    phone, codes = pair(maya, clock)
    shown = phone.shows()

    assert use(maya, f" {shown[:3]} {shown[3:]} ")
    assert use(maya, codes[0].replace("-", "").upper())


def test_a_recovery_code_works_once_and_its_owner_hears_of_it(maya, clock, run_debts):
    _phone, codes = pair(maya, clock)

    assert use(maya, codes[3])
    assert not use(maya, codes[3])

    assert second_step.codes_left(maya) == 9
    assert kept_mails(run_debts) == [
        ("Two-step sign-in is turned on", "maya@example.com"),
        ("A recovery code was used", "maya@example.com"),
    ]
    assert "9 are left." in OutgoingMail.objects.last().text


def test_a_code_of_one_is_none_of_another(maya, clock):
    _phone, codes = pair(maya, clock)
    tom = User.objects.create_user("tom", is_staff=True)
    toms, _codes = pair(tom, clock)

    assert not use(tom, codes[0])
    assert not use(maya, toms.shows())


def test_new_recovery_codes_end_the_old_ones(maya, clock, run_debts):
    _phone, old = pair(maya, clock)

    new = second_step.renew_codes(maya.pk, actor=MAYA)

    assert not use(maya, old[0])
    assert use(maya, new[0])
    assert ("You have new recovery codes", "maya@example.com") in kept_mails(run_debts)


def test_neither_the_secret_nor_a_recovery_code_is_kept_in_the_clear(maya, clock):
    phone, codes = pair(maya, clock)

    kept = SecondStep.objects.get()
    hashes = set(RecoveryCode.objects.values_list("code_hash", flat=True))

    assert phone.secret not in kept.secret
    assert encryption.decrypt(kept.secret) == phone.secret
    assert not {code.replace("-", "") for code in codes} & hashes
    events = " ".join(str(payload) for payload in EventRecord.objects.values_list("payload", flat=True))
    assert phone.secret not in events
    assert codes[0] not in events


def test_with_a_new_secret_key_recovery_codes_still_work_and_the_app_does_not(maya, clock, settings):
    phone, codes = pair(maya, clock)

    settings.SECRET_KEY = "another"

    assert not second_step.is_readable(maya)
    assert not use(maya, phone.shows())
    assert use(maya, codes[0])


def test_a_key_of_before_still_reads_and_what_is_used_moves_to_the_new_one(maya, clock, settings):
    phone, _codes = pair(maya, clock)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]

    assert use(maya, phone.shows())

    settings.SECRET_KEY_FALLBACKS = []
    assert second_step.is_readable(maya)


def test_turned_off_nothing_is_left(maya, clock, run_debts):
    phone, codes = pair(maya, clock)

    second_step.turn_off(maya.pk, actor=MAYA)

    assert User.objects.get().second_step_since is None
    assert not SecondStep.objects.exists()
    assert not use(maya, phone.shows())
    assert not use(maya, codes[0])
    assert ("Two-step sign-in is turned off", "maya@example.com") in kept_mails(run_debts)


def test_who_has_to_use_it_cannot_turn_it_off(maya, clock):
    group = Group.objects.create(name="Bookkeeping")
    maya.groups.add(group)
    pair(maya, clock)
    second_step.require_of_group(group, required=True)

    with pytest.raises(second_step.SecondStepRequired):
        second_step.turn_off(maya.pk, actor=MAYA)

    second_step.require_of_group(group, required=False)
    second_step.turn_off(maya.pk, actor=MAYA)
    assert User.objects.get().second_step_since is None


def test_it_may_be_required_of_everybody_but_only_of_staff(maya, settings):
    lena = User.objects.create_user("lena")
    assert not second_step.is_required(maya)

    settings.SECOND_STEP_REQUIRED = True

    assert second_step.is_required(maya)
    assert not second_step.is_required(lena)


def test_what_is_on_is_not_turned_on_and_what_is_off_not_off(maya, clock):
    phone = Phone(clock)
    for change in (second_step.turn_off, second_step.renew_codes):
        with pytest.raises(second_step.SecondStepIsOff):
            change(maya.pk, actor=MAYA)
    pair(maya, clock)

    with pytest.raises(second_step.SecondStepIsOn):
        second_step.turn_on(maya.pk, secret=phone.secret, code=phone.shows(), actor=MAYA)


def test_another_phone_takes_the_place_of_the_one_before(maya, clock, run_debts):
    old, old_codes = pair(maya, clock)
    new = Phone(clock)

    codes = second_step.turn_on(maya.pk, secret=new.secret, code=new.shows(), actor=MAYA, move=True)

    clock.forward(half_minutes=3)
    assert [use(maya, code) for code in (old.shows(), old_codes[0], new.shows(), codes[0])] == [
        False,
        False,
        True,
        True,
    ]
    assert ("Two-step sign-in moved to another app", "maya@example.com") in kept_mails(run_debts)


def test_a_reset_is_told_in_the_history_and_by_mail_and_ends_every_session(maya, clock, client, run_debts):
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    pair(maya, clock)

    second_step.reset(maya.pk, reason="Phone fell into the sea", actor=Actor("staff", "ada"))

    assert User.objects.get().second_step_since is None
    assert not BrowserSession.objects.filter(user=maya).exists()
    run_debts()
    mail = OutgoingMail.objects.last()
    assert mail.subject == "Your two-step sign-in was reset"
    assert "The reason given: Phone fell into the sea" in mail.text
    told = [(moment.actor, line.text) for moment in history.moments(f"core.user:{maya.pk}") for line in moment.lines]
    assert ("staff:ada", "Two-step sign-in reset: Phone fell into the sea") in told


def test_the_last_resort_resets_from_the_command_line(maya, clock, capsys):
    pair(maya, clock)

    call_command("reset_second_step", "maya", reason="Nobody else can")

    assert User.objects.get().second_step_since is None
    assert EventRecord.objects.filter(name="core.second_step_reset", actor="operator").count() == 1
    with pytest.raises(CommandError, match="off already"):
        call_command("reset_second_step", "maya", reason="Again")
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_step", "nobody", reason="Who?")


def test_mails_are_in_the_language_of_their_reader(maya, clock, run_debts):
    User.objects.update(language="de")

    pair(maya, clock)

    run_debts()
    mail = OutgoingMail.objects.get()
    assert mail.subject == "Die Anmeldung in zwei Schritten ist eingeschaltet"
    assert "Code Ihrer Authenticator-App" in mail.text
    assert "/admin/security/" in mail.text


@pytest.mark.django_db(transaction=True)
def test_the_same_code_twice_at_once_is_good_once(clock, concurrently, django_user_model):
    maya = django_user_model.objects.create_user("maya", is_staff=True)
    phone, codes = pair(maya, clock)

    for code in (phone.shows(), codes[0]):
        outcomes = concurrently(*[lambda code=code: use(maya, code)] * 4)
        assert sorted(outcome.value for outcome in outcomes) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_windows_turn_it_on_once(clock, concurrently, django_user_model):
    maya = django_user_model.objects.create_user("maya", is_staff=True)
    phones = [Phone(clock), Phone(clock)]

    def turn_on(phone):
        return second_step.turn_on(maya.pk, secret=phone.secret, code=phone.shows(), actor=MAYA)

    outcomes = concurrently(*[lambda phone=phone: turn_on(phone) for phone in phones], raising=False)

    assert sorted(type(outcome.error).__name__ for outcome in outcomes) == ["NoneType", "SecondStepIsOn"]
    assert RecoveryCode.objects.count() == 10
