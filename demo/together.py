"""What colleagues ask each other this morning, who follows what, and what is looked at again."""

from datetime import timedelta

from core.actors import Actor
from core.models import User
from demo.teller import MAYA, TOM, Story
from orders import services as orders
from orders.models import Hold, Order

INES, ADA = Actor("staff", "ines"), Actor("staff", "ada")
# By the hold that brought it up: who says it, how many minutes ago, and what.
ASKED = (
    (Hold.Kind.ADDRESS, TOM, 95, "@maya The second parcel came back as well. Is there a phone number?"),
    (Hold.Kind.MANUAL, MAYA, 70, "Asked for the text of the engraving by mail. @tom please keep the mug apart."),
    (
        Hold.Kind.CREDIT,
        INES,
        55,
        "@ada They always pay in the end. Shall we let it go? @maya is asked about it daily.",
    ),
    (Hold.Kind.PRICE, MAYA, 40, "@ada The list says more than I was told on the phone. Is that price all right?"),
)
FOLLOWED = (
    (Hold.Kind.ADDRESS, "maya"),
    (Hold.Kind.MANUAL, "maya"),
    (Hold.Kind.CREDIT, "ada"),
    (Hold.Kind.PRICE, "ada"),
)
# Whose order it becomes, in how many days it is looked at again, and why.
LOOKED_AT = (
    (Hold.Kind.MANUAL, MAYA, 0, "Has the text for the engraving come?"),
    (Hold.Kind.CUSTOMER, MAYA, 3, "They are back on Monday"),
    (Hold.Kind.CREDIT, ADA, 0, "Decide about the limit"),
    (Hold.Kind.FRAUD, ADA, 2, "Has the bank answered?"),
)


def talk(story: Story) -> None:
    """Say it, on orders that are on hold."""
    held = Hold.objects.filter(status=Hold.Status.ACTIVE).order_by("pk")
    on_hold: dict[str, Order] = {hold.kind: hold.order for hold in held.select_related("order")}
    people = dict(User.objects.values_list("username", "pk"))
    for kind, who in FOLLOWED:
        orders.follow_order(on_hold[kind].pk, user_id=people[who])
    for kind, actor, minutes, text in ASKED:
        orders.add_comment(on_hold[kind].pk, text, actor=actor, at=story.now - timedelta(minutes=minutes))
    for kind, actor, days, why in LOOKED_AT:
        order = on_hold[kind]
        orders.hand_over_order(order.pk, to_id=people[actor.name], actor=actor)
        orders.set_follow_up(order.pk, on=story.today + timedelta(days=days), note=why, actor=actor)
    orders.tell_follow_ups()
