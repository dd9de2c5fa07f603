"""Products by CSV: looked at first, then taken in row by row; the same file again changes nothing."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from core import outbox, roles
from core.actors import SYSTEM, Actor
from core.models import EventRecord, User
from integrations import services
from integrations.models import ImportBatch, ImportRow
from integrations.services import product_import, product_plan
from inventory import services as inventory
from inventory.models import Product, StockItem, StockMovement
from orders import services as orders
from orders.models import OrderException
from pricing import services as pricing
from pricing.models import Price, TaxRate

pytestmark = pytest.mark.django_db
FILE = (
    "sku;name;name_de;kind;price;tax_class;stock_HAM;stock_MUC\n"
    "MUG-BLUE;Blue mug;Blauer Becher;stocked;12,50;standard;30;\n"
    "MUG-RED;Red mug;Roter Becher;;5,50;;;\n"
    "TEA-1;Morning tea;;;4,20;;100;100\n"
    "WRAP;Gift wrap;;service;3,00;standard;;\n"
    "BROKEN;;;;abc;;;\n"
)


def upload(client, text, name="products.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post("/admin/integrations/importbatch/products/", {"file": SimpleUploadedFile(name, content)})


def take_in(text=FILE):
    batch = services.keep_product_file(name="products.csv", content=text.encode(), actor=SYSTEM)
    services.start_product_import(batch.pk, actor=SYSTEM)
    outbox.drain()
    return ImportBatch.objects.get(pk=batch.pk)


def outcomes(batch):
    return {row.reference: row.outcome for row in ImportRow.objects.filter(batch=batch)}


def test_three_steps_from_the_file_to_the_shelf(staff, shop):
    looked_at = upload(staff, FILE)
    preview = staff.get(looked_at.headers["Location"])
    assert [count for count, _word, _name in preview.context["counts"]] == [2, 1, 1, 1]
    assert not Product.objects.filter(sku="MUG-BLUE").exists(), "looking changes nothing"

    result = staff.post(looked_at.headers["Location"])
    outbox.drain()
    page = staff.get(result.headers["Location"])

    assert page.context["batch"].status == "partially_succeeded"
    assert page.context["rejected"] == [
        (6, "BROKEN", "price: This is no price; write 12.50 or 12,50 · name: A new product needs a name")
    ]
    blue = Product.objects.get(sku="MUG-BLUE")
    assert (blue.name, blue.names) == ("Blue mug", {"de": "Blauer Becher"})
    assert Price.objects.get(product=blue).amount == Decimal("12.50")
    movement = StockMovement.objects.get(stock_item__product=blue)
    assert (movement.kind, movement.quantity, movement.reason) == ("opening", 30, "Opening stock of products.csv")
    assert movement.actor == "staff:maya"


def test_every_row_is_accounted_for(shop):
    batch = take_in()

    assert outcomes(batch) == {
        "MUG-BLUE": "imported",
        "MUG-RED": "changed",
        "TEA-1": "unchanged",
        "WRAP": "imported",
        "BROKEN": "rejected",
    }
    assert (batch.rows_done, batch.rows_total) == (5, 5)
    assert Price.objects.get(product=shop.mug).amount == Decimal("5.50")
    assert Product.objects.get(sku="MUG-RED").names == {"de": "Roter Becher"}


def test_the_same_file_again_changes_nothing(staff, shop):
    batch = take_in()
    told = EventRecord.objects.exclude(name__startswith="integrations.")
    movements, facts = StockMovement.objects.count(), told.count()
    Price.objects.filter(product=shop.mug).update(amount=Decimal(9))

    again = upload(staff, FILE)
    staff.post(again.headers["Location"])
    outbox.drain()

    assert ImportBatch.objects.get() == batch
    assert StockMovement.objects.count() == movements
    assert Price.objects.get(product=shop.mug).amount == Decimal(9), "what was changed since is not undone"
    assert told.count() == facts
    assert ImportRow.objects.filter(batch=batch).count() == 5


def test_rows_that_were_not_taken_are_an_exception_until_they_are_taken(staff, shop):
    batch = take_in("sku,name,tax_class\nBOOK,A book,books\n")
    left = OrderException.objects.get()
    assert (left.category, left.status, left.title) == (
        "refused_rows",
        "open",
        "1 row(s) of products.csv were not taken",
    )
    page = staff.get(f"/admin/orders/orderexception/{left.pk}/change/").content.decode()
    assert "Rows that were not taken" in page
    assert f"/admin/integrations/importbatch/{batch.pk}/change/" in page
    assert (orders.sweep_exceptions(), OrderException.objects.get().status) == (0, "open")

    pricing.forget()
    TaxRate.objects.create(country="DE", tax_class="books", rate=Decimal("0.05"), valid_from="2020-01-01")
    services.start_product_import(batch.pk, actor=SYSTEM)
    outbox.drain()

    assert (orders.sweep_exceptions(), OrderException.objects.get().status) == (1, "resolved")


def test_a_refused_row_is_tried_again_when_what_it_lacked_is_there(shop):
    batch = take_in("sku,name,tax_class\nBOOK,A book,books\n")
    assert outcomes(batch) == {"BOOK": "rejected"}

    pricing.forget()
    TaxRate.objects.create(country="DE", tax_class="books", rate=Decimal("0.05"), valid_from="2020-01-01")
    services.start_product_import(batch.pk, actor=SYSTEM)
    outbox.drain()

    assert outcomes(batch) == {"BOOK": "imported"}
    assert ImportBatch.objects.get().status == "succeeded"


def test_stock_that_is_there_is_never_overwritten(shop):
    batch = take_in("sku,stock_HAM\nMUG-RED,7\n")

    assert ImportRow.objects.get(batch=batch).reason == (
        "stock_HAM: 100 are there already; correct stock in the warehouse, not by this file"
    )
    assert StockItem.objects.get(product=shop.mug, warehouse=shop.hamburg).on_hand == 100


def test_a_job_that_was_killed_goes_on_where_it_stopped(shop, monkeypatch):
    monkeypatch.setattr("integrations.services.product_import.PORTION", 2)
    batch = services.keep_product_file(name="p.csv", content=FILE.encode(), actor=SYSTEM)
    services.start_product_import(batch.pk, actor=SYSTEM)

    services.take_product_rows(batch.pk, by="system")
    assert ImportBatch.objects.get().rows_done == 2
    services.take_product_rows(batch.pk, by="system")
    outbox.drain()

    assert ImportBatch.objects.get().rows_done == 5
    assert StockMovement.objects.filter(kind="opening", reference=f"import-{batch.pk}").count() == 1


def test_a_double_click_starts_it_once(staff, shop):
    page = upload(staff, FILE).headers["Location"]

    staff.post(page)
    second = staff.post(page, follow=True)

    assert "This file is being taken in right now" in second.content.decode()
    outbox.drain()
    assert ImportRow.objects.count() == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"name\nMug\n", "No column is called sku"), (b"PK\x03\x04", "This is a spreadsheet")],
)
def test_an_unusable_file_is_said_beside_the_field(staff, shop, content, said):
    answer = upload(staff, content)

    assert answer.status_code == 400
    assert said in str(answer.context["form"].errors["file"])
    assert not ImportBatch.objects.exists()


def test_what_became_of_every_row_can_be_taken_along(staff, shop):
    batch = take_in()

    rows = staff.get(f"/admin/integrations/importbatch/{batch.pk}/rows.csv").content.decode("utf-8-sig").splitlines()

    assert rows[:2] == ["line,SKU,outcome,reason", "2,MUG-BLUE,imported,"]
    assert len(rows) == 6


def test_the_template_can_be_loaded_as_it_is(staff, shop):
    template = staff.get("/admin/integrations/importbatch/products/template.csv").content

    preview = staff.get(upload(staff, template).headers["Location"])

    rows = preview.context["rows"]
    assert [(row["cells"][0][0], row["becomes"]) for row in rows] == [("MUG-RED", "changed"), ("WRAP", "new")]
    assert [fault for row in rows for _text, fault, _unknown in row["cells"] if fault] == []
    assert (preview.context["faulty"], preview.context["preview"].unknown) == (0, [])


def test_nobody_imports_who_may_not_do_it_by_hand(client, django_user_model, shop):
    tom = django_user_model.objects.create_user("tom", is_staff=True)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    batch = services.keep_product_file(name="p.csv", content=FILE.encode(), actor=SYSTEM)

    assert upload(client, FILE).status_code == 403
    for path in ("products/template.csv", f"{batch.pk}/products/", f"{batch.pk}/rows.csv", f"{batch.pk}/progress/"):
        assert client.get(f"/admin/integrations/importbatch/{path}").status_code == 403
    assert client.post(f"/admin/integrations/importbatch/{batch.pk}/products/").status_code == 403
    assert ImportBatch.objects.get().status == "queued"


def test_a_thousand_rows_are_looked_at_with_a_handful_of_queries(shop, django_assert_max_num_queries):
    rows = "".join(f"P-{n},Product {n},4.20,10\n" for n in range(1000))
    content = f"sku,name,price,stock_HAM\n{rows}".encode()

    with django_assert_max_num_queries(20):
        assert services.plan_products(content).count("new") == 1000


def test_the_command_says_what_it_would_do_and_does_it(shop, tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(FILE)

    def call(*options):
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("import_products", str(path), *options, stdout=out)
        return ended.value.code, out.getvalue()

    code, said = call("--dry-run")
    assert (code, said.splitlines()[0]) == (
        1,
        "5 rows (UTF-8): 2 new, 1 changed, 1 as they are, 1 refused.",
    )
    assert not ImportBatch.objects.exists()

    code, said = call()

    assert (code, said.splitlines()[-1]) == (1, "1 changed, 2 imported, 1 rejected, 1 unchanged.")
    assert Product.objects.filter(sku="MUG-BLUE").exists()


def test_a_row_that_breaks_something_spoils_no_other(shop, monkeypatch):
    create = pricing.create_priced_product

    def breaking(product, **given):
        if product.sku == "WRAP":
            raise ZeroDivisionError
        return create(product, **given)

    monkeypatch.setattr(pricing, "create_priced_product", breaking)

    batch = take_in()

    assert batch.status == "partially_succeeded"
    assert outcomes(batch)["WRAP"] == "rejected"
    assert ImportRow.objects.get(reference="WRAP").reason.startswith("Something broke")
    assert Product.objects.filter(sku="MUG-BLUE").exists()
    monkeypatch.undo()
    assert outcomes(take_in())["WRAP"] == "imported", "tried again, it goes in"


@pytest.mark.parametrize("loses", ["is_active", "is_superuser"])
def test_an_import_ends_when_its_person_may_not_do_it_any_more(shop, loses):
    User.objects.create_superuser("tom", "tom@example.com", "secret")
    batch = services.keep_product_file(name="products.csv", content=FILE.encode(), actor=SYSTEM)
    services.start_product_import(batch.pk, actor=Actor("staff", "tom"))
    User.objects.filter(username="tom").update(**{loses: False})

    outbox.drain()

    assert ImportBatch.objects.get().status == "failed"
    assert not ImportRow.objects.exists()
    assert not Product.objects.filter(sku="MUG-BLUE").exists()
    assert take_in().status == "partially_succeeded", "somebody else may take it in"


def test_the_file_is_held_against_the_shop_once_and_paged_through(staff, shop, monkeypatch):
    rows = "".join(f"P-{n},{f'Product {n}' if n % 2 else ''},4.20\n" for n in range(450))
    address = upload(staff, f"sku,name,price\n{rows}").headers["Location"]
    looks = []
    look = product_plan.plan_products
    monkeypatch.setattr(product_import, "plan_products", lambda content: looks.append(1) or look(content))

    first = staff.get(address).context
    third = staff.get(address, {"show": "faulty", "page": 3}).context
    last = staff.get(address, {"show": "all", "page": 99}).context

    assert ([row["line"] for row in first["rows"]][:2], first["shown"], len(looks)) == ([2, 4], "faulty", 1)
    assert [row["line"] for row in third["rows"]] == list(range(402, 452, 2))
    assert ([row["line"] for row in last["rows"]], last["page"].number) == (list(range(402, 452)), 5)
    assert staff.get(address, {"page": "x" * 50}).context["page"].number == 1
    assert len(looks) == 2, "whoever comes anew, or asks for what there is not, is told what is true now"

    cache.clear()
    assert staff.get(address, {"page": 2}).context["rows"][0]["line"] == 202, "and what is not kept is looked at again"


def test_what_one_person_was_shown_of_a_file_is_not_shown_to_one_who_sees_less(client, staff, shop):
    address = upload(staff, "sku,name,stock_MUC\nP-1,Product,5\n").headers["Location"]
    assert staff.get(address).context["preview"].unknown == []
    tim = User.objects.create_user("tim", password="x", is_staff=True, limits={"warehouse": ["HAM"]})
    tim.groups.add(roles.group_of("administrator"))
    client.force_login(tim, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(address, {"page": 1}).context["preview"].unknown == ["stock_muc"]


def test_kits_come_with_their_parts(shop):
    text = (
        "sku;name;kind;parts;price\n"
        "CUP-9;Cup;stocked;;3,00\n"
        "GIFT-1;Gift set;kit;MUG-RED 2, TEA-1;12,00\n"
        "GIFT-2;Two cups;Set;2 x CUP-9 + MUG-RED;9,00\n"
        "GIFT-3;Nothing;kit;;1,00\n"
        "GIFT-4;Unknown;kit;NOBODY 1;1,00\n"
        "GIFT-5;Twice;kit;TEA-1, TEA-1;1,00\n"
        "TEA-1;;;MUG-RED 1;\n"
    )

    take_in(text)
    again = services.plan_products(text.encode())

    recipes = {kit.sku: inventory.recipe_of(kit) for kit in Product.objects.filter(kind="kit").order_by("sku")}
    assert recipes == {"GIFT-1": {"MUG-RED": 2, "TEA-1": 1}, "GIFT-2": {"CUP-9": 2, "MUG-RED": 1}}
    assert [(row.becomes, row.read.faults.get("parts", "")) for row in again.rows] == [
        ("unchanged", ""),
        ("unchanged", ""),
        ("unchanged", ""),
        ("faulty", "Only a kit has parts, and it has at least one"),
        ("faulty", "No stocked product NOBODY is known; name it in a row above"),
        ("faulty", "Write parts as in MUG-RED 2, TEA-1"),
        ("faulty", "Only a kit has parts, and it has at least one"),
    ]
