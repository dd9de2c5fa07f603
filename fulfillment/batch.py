"""The list of a wave: what to fetch from each bin for all its orders, and which share goes into which tote."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fulfillment.models import FulfillmentLine, FulfillmentOrder, Wave
from fulfillment.selectors import NOT_PICKED, to_fetch, with_lines, work_queue
from inventory.handling import labels


@dataclass(frozen=True)
class Share:
    """Units of a row for one order: they go into its tote. Of a kit, `line` is fetched as its parts."""

    work: FulfillmentOrder
    line: FulfillmentLine
    units: int
    is_part: bool

    @property
    def tote(self) -> int:
        """Return the tote that they go into."""
        return self.work.tote or 0


@dataclass
class Row:
    """One product in one bin: where the walk stops."""

    product_id: int
    sku: str
    name: str
    bin: str
    handling: Sequence[str] = ()
    shares: list[Share] = field(default_factory=list)

    @property
    def units(self) -> int:
        """Return how many are fetched here for all orders."""
        return sum(share.units for share in self.shares)

    @property
    def totes(self) -> list[tuple[int, int]]:
        """Return the units for each tote, in the order of the totes."""
        found: dict[int, int] = {}
        for share in self.shares:
            found[share.tote] = found.get(share.tote, 0) + share.units
        return sorted(found.items())

    @property
    def handling_labels(self) -> list[str]:
        """Return in words how it must be handled."""
        return labels(self.handling)


def works_of_wave(wave: Wave) -> list[FulfillmentOrder]:
    """Return the work of a wave with its lines, by tote. Two statements."""
    found = with_lines(work_queue().select_related("order__shipping_method")).filter(wave=wave)
    return list(found.order_by("tote"))


def works_by_id(keys: Sequence[int]) -> list[FulfillmentOrder]:
    """Return work with its lines, in the order of the keys given. Two statements."""
    found = {work.pk: work for work in with_lines(work_queue()).filter(pk__in=keys)}
    return [found[pk] for pk in keys if pk in found]


def left_to_fetch(works: Sequence[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Return the work that is not picked yet."""
    return [work for work in works if work.status in NOT_PICKED]


def batch_rows(works: Sequence[FulfillmentOrder]) -> list[Row]:
    """Return what to fetch for work, in the order of the bins; one statement where kits are among it, else none."""
    rows: dict[tuple[str, int], Row] = {}
    groups = to_fetch(works)
    for work in works:
        for group in groups.get(work.pk, ()):
            for one in group.goods:
                new = Row(one.product_id, one.sku, one.name, one.bin, one.handling)
                row = rows.setdefault((one.bin, one.product_id), new)
                row.shares.append(Share(work, group.line, one.units, group.is_kit))
    return sorted(rows.values(), key=lambda row: (row.bin, row.sku))


def counted(rows: Sequence[Row]) -> tuple[int, int]:
    """Return how many units the rows are about, and how many bins."""
    return sum(row.units for row in rows), len({row.bin or row.sku for row in rows})
