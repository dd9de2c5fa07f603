"""What the bell tells is read by each in their own language: on the page, and in the mail."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from core import bell
from core.models import Notice, OutgoingMail, User

pytestmark = pytest.mark.django_db
# As the machine keeps it, as a German reads it, and as an Englishman does.
TEXTS = [
    ("22.06 EUR", "22,06\xa0€", "€22.06"),
    ("2026-11-02", "2. November 2026", "2 November 2026"),
    ("2026-11", "November 2026", "November 2026"),
    ("Not paid in time", "Nicht rechtzeitig bezahlt", "Not paid in time"),
    ("Ask Ada: 22.06 EUR", "Ask Ada: 22.06 EUR", "Ask Ada: 22.06 EUR"),
    ("Room 12 ABC", "Room 12 ABC", "Room 12 ABC"),
    ("12 ABC", "12 ABC", "12 ABC"),
    ("2026-13-40", "2026-13-40", "2026-13-40"),
]


@pytest.fixture
def readers(db):
    """Return a German and an English colleague, whom notices are mailed at once."""
    made = []
    for name, language in (("greta", "de"), ("emma", "en")):
        user = User.objects.create_user(name, f"{name}@example.com", "x", is_staff=True, language=language)
        user.notices_by_mail = "always"
        user.save()
        user.user_permissions.set(Permission.objects.filter(codename="view_user"))
        made.append(user)
    return made


@pytest.mark.parametrize(("kept", "german", "english"), TEXTS)
def test_each_reads_a_notice_in_their_own_language(readers, client, kept, german, english):
    bell.tell(readers, kind="mentioned", record=readers[0], author="Henri Huber", text=kept)
    bell.mail_notices()

    for reader, read in zip(readers, (german, english), strict=True):
        client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
        assert f"<q>{read}</q>" in client.get(reverse("admin:notices")).content.decode()
        assert f"\n{read}\n" in OutgoingMail.objects.get(to=reader.email).text
    assert set(Notice.objects.values_list("text", flat=True)) == {kept}


def test_what_a_notice_is_about_and_who_it_is_from_are_in_the_words_of_the_reader(readers, client):
    greta, _emma = readers
    told = {"thread": f"core.user:{greta.pk}", "kind": "mentioned", "mail_due_at": timezone.now()}
    Notice.objects.create(user=greta, about="2026-03", author="operator", **told)

    bell.mail_notices()

    assert OutgoingMail.objects.get().subject == "Betreiber hat Sie erwähnt: März 2026"
    client.force_login(greta, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:notices")).content.decode()
    assert "<b>Betreiber</b> hat Sie erwähnt · <b>März 2026</b>" in page


def test_the_name_of_a_customer_is_told_as_it_is_written(readers, client):
    bell.tell(readers, kind="mentioned", record=readers[0], author="Henri van der Huber")

    client.force_login(readers[1], backend="django.contrib.auth.backends.ModelBackend")
    assert "<b>Henri van der Huber</b>" in client.get(reverse("admin:notices")).content.decode()
