"""Two thousand products and many buyers, made of the few that the demo has."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection

from benchmarks.kin import execute
from core.words import phone_words, words_of
from customers.models import Customer, CustomerWord
from inventory.models import ExpectedReceipt, KitPart, Product, ProductWord, StockItem
from pricing.models import Price

FIRST = (
    "Anna Ben Clara David Emma Felix Greta Hannes Ida Jonas Klara Leon Mia Noah Olga Paul Quirin Rosa Sven Tilda "
    "Uwe Vera Willem Xenia Yara Zoe Amélie Björn Chloé Dörte Émile Frauke"
)
STEMS = (
    "Acker Bach Berg Brand Burg Busch Dorn Eich Eisen Fels Feld Fink Forst Gold Gras Hahn Halm Haus Herz Hirsch Holz "
    "Horn Kalt Kirch Korn Kraut Lach Land Lind Löw Mai Moor Mühl Nacht Neu Ober Öl Pfau Quell Reb Rhein Ried Rosen "
    "Sand Schön See Sommer Stein Stern Tal Tann Uhl Vogel Wald Weber Wein Wild Winter Wolf Zeller"
)
ENDINGS = "mann bauer berg born bruch dorf eck er feld hauer hofer huber ing ler meier ner sen stein thal wirth"
TOWNS = "Hamburg Berlin München Köln Leipzig Bremen Wien Graz Zürich Basel Lyon Lille Utrecht Odense"
SHOPS = "Café Hotel Bistro Teehaus Feinkost Bäckerei Kontor Laden"

BATCH = 5_000


def spread(variants: int) -> None:
    """Make variants of every product, with stock, prices and what is expected: v × stride further on."""
    execute("CREATE TABLE bench.stride (name text PRIMARY KEY, step bigint)")
    for model in (Product, KitPart, StockItem, Price, ExpectedReceipt):
        table = model._meta.db_table
        execute(f"INSERT INTO bench.stride SELECT '{table}', COALESCE(MAX(id), 0) FROM {table}")
        names = [str(field.column) for field in model._meta.concrete_fields]
        values = ", ".join(_varied(field) for field in model._meta.concrete_fields)
        execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} "
            f"FROM {table} p, generate_series(1, {variants - 1}) AS v, bench.stride s WHERE s.name = '{table}'"
        )
    # Enough of everything for what is built by hand; the shelves are set right at the end.
    execute("CREATE TABLE bench.shelf AS SELECT id, on_hand FROM inventory_stockitem")
    execute("UPDATE inventory_stockitem SET on_hand = on_hand + 100000 WHERE on_hand > 3")
    fill_up()
    reset_keys(Product, KitPart, StockItem, Price, ExpectedReceipt)


def _varied(field: Any) -> str:
    if field.primary_key:
        return "p.id + v * s.step"
    if field.is_relation and field.related_model in (Product, StockItem):
        step = f"(SELECT step FROM bench.stride WHERE name = '{field.related_model._meta.db_table}')"
        return f"p.{field.column} + v * {step}"
    if field.column == "sku":
        return "p.sku || '-' || v"
    return {"name": "p.name || ' No. ' || v", "reserved": "0", "quarantined": "0"}.get(
        field.column, f"p.{field.column}"
    )


def fill_up() -> None:
    """Write the movements that explain what is on the shelves."""
    execute(
        """INSERT INTO inventory_stockmovement
            (stock_item_id, kind, quantity, quarantine_quantity, reason, reference, actor, at)
        SELECT s.id, 'receipt', s.on_hand - COALESCE(m.units, 0), 0, '', '', 'system', now() - interval '3 years'
        FROM inventory_stockitem s LEFT JOIN (
            SELECT stock_item_id, SUM(quantity) AS units FROM inventory_stockmovement GROUP BY stock_item_id
        ) m ON m.stock_item_id = s.id
        WHERE s.on_hand <> COALESCE(m.units, 0)"""
    )


def settle_shelves(*, orders_alive: int) -> None:
    """Let every shelf hold what is promised from it, and as many free units as there were, times the orders."""
    execute(
        f"""UPDATE inventory_stockitem s SET reserved = n.reserved, quarantined = n.quarantined,
            on_hand = n.reserved + n.quarantined
                + n.free * {orders_alive}
        FROM (
            SELECT i.id, i.on_hand AS free, COALESCE(a.units, 0) AS reserved, COALESCE(m.units, 0) AS quarantined
            FROM bench.shelf i
            LEFT JOIN (
                SELECT stock_item_id, SUM(quantity - consumed - released) AS units FROM inventory_allocation
                WHERE quantity > consumed + released GROUP BY stock_item_id
            ) a ON a.stock_item_id = i.id
            LEFT JOIN (
                SELECT stock_item_id, SUM(quarantine_quantity) AS units FROM inventory_stockmovement
                GROUP BY stock_item_id
            ) m ON m.stock_item_id = i.id
        ) n WHERE n.id = s.id"""
    )
    fill_up()


def find_buyers(count: int) -> None:
    """Write down people and companies, each with a site, and remember them by their place: the first is faithful."""
    stem = _one_of(STEMS, "b")
    execute(
        f"""CREATE TABLE bench.buyer AS
        SELECT place, (SELECT COALESCE(MAX(id), 0) FROM customers_customer) + 1 + place AS id,
            person AS name, CASE WHEN is_company THEN shop || ' ' || place ELSE '' END AS company, is_company,
            lower(translate(replace(person, ' ', '.'), 'äöüÄÖÜéÉ', 'aouAOUeE')) || '.' || place || '@example.com'
                AS email,
            '+49 40 ' || (5000000 + place) AS phone,
            jsonb_build_object('name', person, 'company', CASE WHEN is_company THEN shop || ' ' || place ELSE '' END,
                'line1', stem || 'weg ' || (1 + place % 90), 'line2', '', 'city', town, 'region', '', 'phone', '',
                'postal_code', lpad((10000 + place % 80000)::text, 5, '0'), 'country', 'DE') AS address
        FROM (
            SELECT place, {_one_of(FIRST, "a")} || ' ' || {stem} || {_one_of(ENDINGS, "c")} AS person,
                {stem} AS stem, place % 5 = 0 AS is_company,
                {_one_of(SHOPS, "a")} AS shop, {_one_of(TOWNS, "b")} AS town
            FROM generate_series(0, {count - 1}) AS place, LATERAL (
                SELECT (hashint4(place) & 1023) AS a, (hashint4(place + 7) & 65535) AS b,
                    (hashint4(place + 77) & 65535) AS c
            ) h
        ) people"""
    )
    execute("CREATE UNIQUE INDEX ON bench.buyer (place)")
    model = execute("SELECT id FROM customers_customer WHERE kind = 'person' ORDER BY id LIMIT 1")[0][0]
    _copy_one(
        "customers_customer",
        model,
        {
            "id": "b.id",
            "kind": "CASE WHEN b.is_company THEN 'company' ELSE 'person' END",
            "name": "b.name",
            "company": "b.company",
            "email": "b.email",
            "phone": "b.phone",
            "payment_terms": "CASE WHEN b.is_company THEN 'net30' ELSE 'prepaid' END",
            "user_id": "NULL",
            "notes": "''",
            "created_at": "now() - interval '3 years' + interval '1 minute' * (b.place % 1000000)",
        },
    )
    site = execute("SELECT MIN(id) FROM customers_address WHERE customer_id = %s", model)[0][0]
    parts = {name: f"b.address->>'{name}'" for name in ("name", "company", "line1", "city", "postal_code", "country")}
    last_key = "(SELECT MAX(id) FROM customers_address)"
    _copy_one("customers_address", site, {"id": f"{last_key} + 1 + b.place", "customer_id": "b.id", **parts})
    execute(
        """INSERT INTO core_eventrecord (name, thread, subject_type, transition, source, target, actor, note, payload,
            public, request_id, at, recorded_at)
        SELECT 'customers.customer_created', 'customers.customer:' || b.id, '', '', '', '', 'system', '',
            jsonb_build_object('customer_id', b.id), false, '', c.created_at, c.created_at
        FROM bench.buyer b JOIN customers_customer c ON c.id = b.id"""
    )


def write_words() -> None:
    """Write down the words by which the new products and customers are found, as their services do."""
    people = Customer.objects.filter(words=None).order_by("pk")
    _keep_words(
        CustomerWord,
        "customer_id",
        (
            (one.pk, [*words_of(one.name, one.company, one.email), *phone_words(one.phone)])
            for one in people.only("name", "company", "email", "phone").iterator(BATCH)
        ),
    )
    goods = Product.objects.filter(words=None).order_by("pk")
    found = ((one.pk, words_of(one.sku, one.name, *one.names.values(), one.barcode)) for one in goods)
    _keep_words(ProductWord, "product_id", found)


def _keep_words(model: Any, owner: str, found: Iterable[tuple[int, list[str]]]) -> None:
    for some in batched(found, BATCH):
        rows = [(pk, word) for pk, words in some for word in dict.fromkeys(words)]
        execute(
            f"INSERT INTO {model._meta.db_table} ({owner}, word) SELECT * FROM unnest(%s::bigint[], %s::text[])",
            *map(list, zip(*rows, strict=True)),
        )


def batched(found: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Return what comes in batches."""
    rest = iter(found)
    while some := list(islice(rest, size)):
        yield some


def _one_of(words: str, dice: str) -> str:
    return f"(string_to_array('{words}', ' '))[1 + (h.{dice} % {words.count(' ') + 1})]"


def _copy_one(table: str, key: int, instead: dict[str, str]) -> None:
    """Write a row like another for every buyer."""
    generated = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    columns = [name for (name,) in execute(f"{generated} AND attgenerated = ''", table)]
    values = ", ".join(instead.get(name, f"m.{name}") for name in columns)
    execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM bench.buyer b, {table} m WHERE m.id = {key}"
    )


def reset_keys(*known: Any) -> None:
    """Let the next row get the next key."""
    with connection.cursor() as cursor:
        for model in known:
            name = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), COALESCE(MAX(id), 1), MAX(id) IS NOT NULL) "
                f"FROM {name}"
            )
