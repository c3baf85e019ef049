"""Naming: the ids of a product's pictures, readable, distinct, and the same at each reading."""

from collections import Counter


class Naming:
    """Names pictures in the order of the file: `SKU-1`, `SKU-1#2`, `SKU-1#3`.

    A row's pictures have its own SKU; those of rows without one go on with the first SKU of their
    product, or with what names the product. One address is one item, however often its product
    names it.
    """

    def __init__(self) -> None:
        self._product = ""
        self._base = ""
        self._counts: Counter[str] = Counter()
        self._names: dict[str, str | None] = {}

    def turn_to(self, product: str, *, carried: bool) -> bool:
        """Go on with a row of this product; without one it is the one before, if it is carried.

        Returns:
            Whether another product begins.
        """
        if product == self._product if product else carried:
            return False
        self._product = self._base = product
        self._counts.clear()
        self._names.clear()
        return True

    def name(self, sku: str, address: str) -> tuple[str | None, bool]:
        """The id of an address in a row of this SKU, and whether its product has named it before.

        Without SKU and product there is none: the source's key is its id.
        """
        if sku and self._base == self._product:
            self._base = sku
        if address in self._names:
            return self._names[address], True
        base = sku or self._base
        self._counts[base] += 1
        count = self._counts[base]
        name = (base if count == 1 else f"{base}#{count}") if base else None
        self._names[address] = name
        return name, False
