"""A house whose tables are there and whose channels are not, yet."""

from pricing import services as pricing


def test_a_new_order_says_what_is_missing_instead_of_breaking(staff):
    pricing.forget()

    answer = staff.get("/desk/orders/new/", follow=True)

    assert answer.redirect_chain == [("/admin/", 302)]
    assert "The channel of the order desk is missing." in answer.content.decode()
