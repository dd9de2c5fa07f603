"""What Kettle & Co. sells, and where it lies: plain data, the same on every start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from demo.pictures import path_of

# Few units in Hamburg and Munich, so that a shortage can be seen; none of them in the shop in Berlin.
SCARCE = {
    "POT-RED": (5, 0),
    "POT-S-SAND": (12, 0),
    "MUG-L-ROSE": (24, 0),
    "CUP-BLACK": (36, 0),
    "MUG-L-BLUE": (13, 9),
    "RUNNER-GREEN": (60, 0),
}
# Sold out, with goods on their way: these may be backordered.
EXPECTED = {"MUG-BLUE": 9, "TEA-12": 4, "CANDLE-3-M": 16}
# Not there yet, and sold all the same: the day of its release in days from today.
PREORDER, RELEASED_IN = "TEA-27", 21
LAST_THREE = "GOLD-POT"
HOT = frozenset({*SCARCE, *EXPECTED, PREORDER, LAST_THREE})
# Of the shelves of Hamburg, Munich and Berlin.
USUAL, MUNICH_ONLY = (220, 140, 40), (0, 300, 40)
# What goods cost us, of what we ask for them.
COST = {"Tea": "0.38", "Mugs": "0.42", "Teapots": "0.46", "Candles": "0.35", "Gift sets": "0.50", "Linen": "0.44"}


@dataclass(frozen=True)
class Article:
    """One product of the shop. The price is net, in EUR; weight in grams."""

    sku: str
    name: str
    german: str
    category: str
    price: Decimal
    tax_class: str = "standard"
    kind: str = "stocked"
    weight: int = 400
    image: str = ""
    units: tuple[int, int, int] = USUAL
    backorder: bool = False
    # Of a gift set what is picked for it: units by SKU.
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def unit_cost(self) -> Decimal | None:
        """Return what one unit costs us."""
        share = COST.get(self.category)
        return (self.price * Decimal(share)).quantize(Decimal("0.01")) if share else None

    @property
    def sold_often(self) -> bool:
        """Whether the six months of orders sell it: scarce goods keep the units they have."""
        return self.kind in ("stocked", "kit") and self.sku not in HOT


# In English, in German without its ending, and in the pictures.
COLOURS = {
    "RED": ("Red", "Rot", "red"),
    "BLUE": ("Blue", "Blau", "blue"),
    "GREEN": ("Green", "Grün", "green"),
    "SAND": ("Sand", "Sandfarben", "sand"),
    "BLACK": ("Black", "Schwarz", "black"),
    "WHITE": ("White", "Weiß", "white"),
    "ROSE": ("Rose", "Roséfarben", "rose"),
    "GOLD": ("Gold", "Golden", "gold"),
}
TEAS = (
    ("Breakfast blend", "Frühstücksmischung"),
    ("Assam", "Assam"),
    ("Darjeeling first flush", "Darjeeling First Flush"),
    ("Ceylon", "Ceylon"),
    ("East Frisian blend", "Ostfriesenmischung"),
    ("Earl Grey", "Earl Grey"),
    ("Lapsang Souchong", "Lapsang Souchong"),
    ("Keemun", "Keemun"),
    ("Sencha", "Sencha"),
    ("Gunpowder", "Gunpowder"),
    ("Jasmine pearls", "Jasminperlen"),
    ("Matcha", "Matcha"),
    ("Genmaicha", "Genmaicha"),
    ("Oolong", "Oolong"),
    ("White peony", "Weiße Pfingstrose"),
    ("Pu-erh", "Pu-Erh"),
    ("Rooibos", "Rooibos"),
    ("Rooibos vanilla", "Rooibos Vanille"),
    ("Honeybush", "Honigbusch"),
    ("Peppermint", "Pfefferminze"),
    ("Camomile", "Kamille"),
    ("Fennel, anise, caraway", "Fenchel, Anis, Kümmel"),
    ("Lemon balm", "Zitronenmelisse"),
    ("Hibiscus", "Hibiskus"),
    ("Rose hip", "Hagebutte"),
    ("Ginger lemon", "Ingwer Zitrone"),
    ("Winter apple", "Winterapfel"),
    ("Red berries", "Rote Beeren"),
    ("Chai", "Chai"),
    ("Mate", "Mate"),
    ("Nettle", "Brennnessel"),
    ("Good night", "Gute Nacht"),
)
MUGS = (
    ("MUG", "mug", "{}er Becher", "5.00", 350),
    ("MUG-L", "large mug", "{}er großer Becher", "7.50", 480),
    ("CUP", "cup with saucer", "{}e Tasse mit Untertasse", "9.80", 420),
)
POTS = (
    ("POT", "teapot 1 l", "{}e Teekanne 1 l", "34.00", 1100),
    ("POT-S", "small teapot", "{}e kleine Teekanne", "24.50", 700),
)
SCENTS = (
    ("Beeswax", "Bienenwachs", "gold"),
    ("Pine", "Kiefer", "green"),
    ("Cinnamon", "Zimt", "red"),
    ("Sea salt", "Meersalz", "blue"),
    ("Linden", "Linde", "sand"),
    ("Rose", "Rose", "rose"),
)
SIZES = (("S", "small", "klein", "6.90"), ("M", "medium", "mittel", "11.90"), ("L", "large", "groß", "18.50"))
LINENS = (
    ("TOWEL", "tea towel", "Geschirrtuch", "8.90"),
    ("NAPKIN", "napkin", "Serviette", "5.40"),
    ("RUNNER", "table runner", "Tischläufer", "29.00"),
)
# Gift sets are picked from the shelves of what is in them.
GIFTS: tuple[tuple[str, str, Mapping[str, int]], ...] = (
    ("Good morning", "Guten Morgen", {"TEA-1": 1, "MUG-GREEN": 2, "TOWEL-GREEN": 1, "CANDLE-1-S": 1}),
    ("Quiet evening", "Stiller Abend", {"TEA-32": 1, "MUG-L-SAND": 1, "CANDLE-5-L": 1}),
    ("For two", "Für zwei", {"TEA-6": 1, "MUG-ROSE": 2, "NAPKIN-ROSE": 2, "CANDLE-6-M": 1}),
    ("Winter", "Winter", {"TEA-29": 1, "MUG-L-RED": 2, "CANDLE-2-M": 1}),
    ("Spring", "Frühling", {"TEA-9": 1, "MUG-WHITE": 2, "TOWEL-WHITE": 1, "CANDLE-5-M": 1}),
    ("Office", "Büro", {"TEA-4": 2, "MUG-L-BLACK": 2, "TOWEL-SAND": 1}),
    ("New home", "Neues Zuhause", {"TEA-5": 1, "MUG-SAND": 4, "NAPKIN-SAND": 2, "CANDLE-1-S": 1}),
    ("Thank you", "Danke", {"TEA-15": 1, "POT-S-WHITE": 1, "MUG-WHITE": 2}),
    ("Birthday", "Geburtstag", {"TEA-28": 1, "POT-S-RED": 1, "MUG-ROSE": 2}),
    ("Traveller", "Unterwegs", {"TEA-14": 1, "TEA-30": 1, "MUG-L-GREEN": 2, "TOWEL-BLUE": 1, "CANDLE-4-S": 1}),
    ("Reader", "Leselust", {"TEA-7": 1, "POT-S-BLACK": 1, "MUG-L-BLACK": 1, "CANDLE-2-S": 1}),
    ("Gardener", "Garten", {"TEA-11": 1, "POT-S-GREEN": 1, "MUG-GREEN": 2, "TOWEL-GREEN": 1}),
)
SERVICES = (
    ("GIFT-WRAP", "Gift wrap", "Geschenkverpackung", "3.50"),
    ("ENGRAVING", "Engraving", "Gravur", "12.00"),
    ("CARRY", "Carry to room", "Lieferung ins Zimmer", "9.00"),
    ("TASTING", "Tea tasting at your place", "Teeverkostung bei Ihnen", "180.00"),
)


def articles() -> Iterator[Article]:
    """Return the 120 products."""
    for number, (name, german) in enumerate(TEAS, start=1):
        price = Decimal("4.20") + Decimal("0.35") * ((number - 1) % 9)
        colour = list(COLOURS.values())[number % 8][2]
        yield _stocked(
            f"TEA-{number}", f"{name}, 100 g", f"{german}, 100 g", "Tea", price, path_of("tea", colour), 130, "reduced"
        )
    for sku, name, german, amount, weight in MUGS:
        for code, (colour, colour_de, picture) in COLOURS.items():
            yield _stocked(
                f"{sku}-{code}",
                f"{colour} {name}",
                german.format(colour_de),
                "Mugs",
                Decimal(amount),
                path_of("mug", picture),
                weight,
            )
    for sku, name, german, amount, weight in POTS:
        for code in (
            ("RED", "BLUE", "GREEN", "SAND", "BLACK")
            if sku == "POT"
            else ("RED", "BLUE", "GREEN", "SAND", "BLACK", "WHITE")
        ):
            colour, colour_de, picture = COLOURS[code]
            yield _stocked(
                f"{sku}-{code}",
                f"{colour} {name}",
                german.format(colour_de),
                "Teapots",
                Decimal(amount),
                path_of("teapot", picture),
                weight,
            )
    yield _stocked(
        LAST_THREE, "Golden teapot", "Goldene Teekanne", "Teapots", Decimal("129.00"), path_of("teapot", "gold"), 1200
    )
    for number, (name, german, colour) in enumerate(SCENTS, start=1):
        for size, english_size, german_size, amount in SIZES:
            yield _stocked(
                f"CANDLE-{number}-{size}",
                f"{name} candle, {english_size}",
                f"Kerze {german}, {german_size}",
                "Candles",
                Decimal(amount),
                path_of("candle", colour),
                300,
            )
    for number, (name, german, parts) in enumerate(GIFTS, start=1):
        colour = list(COLOURS.values())[number % 8][2]
        yield Article(
            f"GIFT-{number:02d}",
            f"Gift set “{name}”",
            f"Geschenkset „{german}“",
            "Gift sets",
            Decimal("24.90") + number,
            kind="kit",
            weight=0,
            image=path_of("gift", colour),
            units=(0, 0, 0),
            parts=parts,
        )
    for sku, name, german, amount in LINENS:
        for code in ("RED", "BLUE", "GREEN", "SAND", "WHITE", "ROSE"):
            colour, colour_de, picture = COLOURS[code]
            yield _stocked(
                f"{sku}-{code}",
                f"Linen {name}, {colour.lower()}",
                f"{german} Leinen, {colour_de.lower()}",
                "Linen",
                Decimal(amount),
                path_of("linen", picture),
                180,
            )
    for sku, name, german, amount in SERVICES:
        yield Article(
            sku,
            name,
            german,
            "Services",
            Decimal(amount),
            kind="service",
            weight=0,
            image=path_of("service", "green"),
            units=(0, 0, 0),
        )


def _stocked(
    sku: str,
    name: str,
    german: str,
    category: str,
    price: Decimal,
    image: str,
    weight: int,
    tax_class: str = "standard",
) -> Article:
    if sku == LAST_THREE:
        units = (3, 0, 0)
    elif sku in SCARCE:
        units = (*SCARCE[sku], 0)
    elif sku in EXPECTED or sku == PREORDER:
        units = (0, 0, 0)
    else:
        # Cups are made in the south and lie there: what is ordered with one leaves from Munich.
        units = MUNICH_ONLY if sku.startswith("CUP-") else USUAL
    waits = sku in EXPECTED or sku == PREORDER
    return Article(sku, name, german, category, price, tax_class, "stocked", weight, image, units, waits)


FIRST = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Henri",
    "Ida",
    "Jonas",
    "Klara",
    "Leon",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
    "Rosa",
    "Samuel",
    "Tilda",
    "Viktor",
)
LAST = (
    "Becker",
    "Bakker",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Gruber",
    "Hansen",
    "Huber",
    "Jansen",
    "Keller",
    "Lang",
    "Martin",
    "Novak",
    "Olsen",
    "Petit",
    "Roth",
    "Schulz",
    "Visser",
    "Weber",
    "Winter",
)
TOWNS = {
    "DE": (
        ("10115", "Berlin"),
        ("20095", "Hamburg"),
        ("80331", "München"),
        ("50667", "Köln"),
        ("04109", "Leipzig"),
        ("70173", "Stuttgart"),
    ),
    "AT": (("1010", "Wien"), ("5020", "Salzburg"), ("8010", "Graz")),
    "CH": (("8001", "Zürich"), ("3011", "Bern"), ("4051", "Basel")),
    "FR": (("75001", "Paris"), ("69001", "Lyon"), ("67000", "Strasbourg")),
    "NL": (("1012 AB", "Amsterdam"), ("3011 AA", "Rotterdam"), ("3511 AB", "Utrecht")),
    "DK": (("1050", "København"), ("8000", "Aarhus"), ("5000", "Odense")),
}
COMPANIES = (
    "Café Linde",
    "Hotel am Wall",
    "Bistro Nord",
    "Teehaus Süd",
    "Feinkost Adler",
    "Bäckerei Sonne",
    "Galerie Drei",
    "Pension Meer",
    "Kontor West",
    "Laden Elf",
)
VAT_IDS = {"DE": "DE136695976", "AT": "ATU13585627", "FR": "FR83404833048", "NL": "NL004495445B01", "DK": "DK13585628"}
