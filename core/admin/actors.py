"""Who is at the desk: the actor of a request of the back office."""

from django.http import HttpRequest

from core.actors import EVERYTHING, Actor


def actor_for(request: HttpRequest) -> Actor:
    """Return the signed-in person as the actor of a service, with the permissions they hold.

    `can` holds permissions in Django's words, e.g. `app.waive_check`.
    """
    user = request.user
    can = EVERYTHING if user.is_superuser else frozenset(user.get_all_permissions())
    return Actor("staff", user.get_username(), can)
