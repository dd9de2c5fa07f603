"""Mails to people about their own account."""

from django.urls import reverse
from django.utils.translation import gettext_noop

from core import mail
from core.events import AccountEvent
from core.links import absolute
from core.models import User

# Each is said in the subject, and explained in the body by the template.
SUBJECTS = {
    "core.second_step_turned_on": gettext_noop("Two-step sign-in is turned on"),
    "core.second_step_moved": gettext_noop("Two-step sign-in moved to another app"),
    "core.second_step_turned_off": gettext_noop("Two-step sign-in is turned off"),
    "core.second_step_reset": gettext_noop("Your two-step sign-in was reset"),
    "core.recovery_codes_made": gettext_noop("You have new recovery codes"),
    "core.recovery_code_used": gettext_noop("A recovery code was used"),
}


def tell_about_second_step(event: AccountEvent) -> None:
    """Write down a mail to the owner, in their language."""
    user = User.objects.get(pk=event.user_id)
    context = {
        **event.payload(),
        "what": event.name.removeprefix("core."),
        "says": SUBJECTS[event.name],
        "name": user.first_name or user.get_username(),
        "username": user.get_username(),
        "url": absolute(reverse("admin:security")),
    }
    mail.intend(
        dedupe_key=f"{event.name}:{user.pk}:{event.moment}",
        template="second_step",
        context=context,
        to=user.email,
        language=user.language,
        thread=event.thread(),
    )
