"""Saving a view as somebody, and reading what a list shows under it."""

from core.actors import Actor
from core.saved_views import SHARE, save_view

LIST = "/admin/orders/order/"
TABLE = "orders.order"


def keep(client, name, look, *, shared=False):
    actor = Actor("staff", client.user.username, frozenset({SHARE}))
    return save_view(TABLE, name=name, look=look, owner_id=client.user.pk, actor=actor, shared=shared)


def shown(client, query):
    answer = client.get(LIST + query)
    assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
    return [order.number for order in answer.context["cl"].result_list]
