"""The fewest parcels that serve a demand, and of equals the nearest. Plain numbers, no database."""

from collections.abc import Sequence
from itertools import accumulate

from inventory.costing import Offer, places_needed

Cost = tuple[int, int, int, int, int, tuple[int, ...]]


class Fewest:
    """Branch and bound over sets of places: take one or leave it, and turn back where no better end is left.

    A bound is a cost that no completion can undercut, part by part, so comparing it as a whole is safe.
    Every member of a set with the fewest parcels is needed, therefore costs simply add up.
    """

    def __init__(
        self, offers: Sequence[Offer], needs: Sequence[int], *, first: Sequence[int], most_nodes: int
    ) -> None:
        self.offers = offers
        self.size = len(offers)
        self.nodes, self.most_nodes = 0, most_nodes
        self.complete = True
        self._prepare_bounds(len(needs))
        self.best: tuple[int, ...] = tuple(first)
        self.best_cost = self._cost(self.best)
        self._visit(0, (), (0, 0, 0, 0), list(needs))

    def _prepare_bounds(self, products: int) -> None:
        """For every rest of the list: the most that n places give, and the least that speaks against n places."""
        rests = [self.offers[start:] for start in range(self.size + 1)]
        self.most = [
            [[0, *accumulate(sorted((one.gives[product] for one in rest), reverse=True))] for rest in rests]
            for product in range(products)
        ]
        self.ties = [[[0, *accumulate(sorted(one.ties[part] for one in rest))] for rest in rests] for part in range(4)]

    def _cost(self, chosen: tuple[int, ...]) -> Cost:
        last, far, rank, stock = (sum(self.offers[index].ties[part] for index in chosen) for part in range(4))
        return last, len(chosen), far, rank, stock, chosen

    def _visit(
        self, start: int, chosen: tuple[int, ...], spent: tuple[int, int, int, int], missing: list[int]
    ) -> None:
        if self.nodes >= self.most_nodes:
            self.complete = False
            return
        self.nodes += 1
        more = places_needed(self.most, start, missing)
        if more is None:
            return
        last, far, rank, stock = spent
        bound = (
            last,
            len(chosen) + more,
            far + self.ties[1][start][more],
            rank + self.ties[2][start][more],
            stock + self.ties[3][start][more],
            chosen,
        )
        if bound >= self.best_cost:
            return
        if not more:
            self.best, self.best_cost = chosen, bound
            return
        one = self.offers[start]
        if any(have and need for have, need in zip(one.gives, missing, strict=True)):
            paid = (last + one.ties[0], far + one.ties[1], rank + one.ties[2], stock + one.ties[3])
            left = [max(0, need - have) for need, have in zip(missing, one.gives, strict=True)]
            self._visit(start + 1, (*chosen, start), paid, left)
        self._visit(start + 1, chosen, spent, missing)
