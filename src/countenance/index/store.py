"""Templates in memory: one dense float32 matrix per gallery, permission class and space.

A search touches the matrices of its permitted classes and no other, so nothing excluded can reach a list, a count
or the time it takes. Rows are dense: the last row moves into the place of a removed one, and its old place is
overwritten with zeros at once. Callers hold the lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId, Vector
from countenance.index.answers import NotSearchable

type Matrix = npt.NDArray[np.float32]
"""float32, shape (rows, dimension), C order."""

_FIRST_ROWS = 64
_GROWTH = 1.25


class Shelf:
    """References of one gallery, class and space. `references[i]` is the id of row i."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.references: list[str] = []
        self._matrix: Matrix = np.zeros((0, dimension), dtype=np.float32)
        self._rows: dict[str, int] = {}
        self._closed: dict[str, NotSearchable] = {}

    def __contains__(self, reference_id: str) -> bool:
        return reference_id in self._rows or reference_id in self._closed

    def __len__(self) -> int:
        return len(self._rows) + len(self._closed)

    @property
    def matrix(self) -> Matrix:
        """The searchable rows, as a view that is good while the lock is held."""
        return self._matrix[: len(self.references)]

    @property
    def resident_bytes(self) -> int:
        return int(self._matrix.nbytes)

    @property
    def closed(self) -> Iterable[NotSearchable]:
        """Why, for each reference that cannot be searched."""
        return self._closed.values()

    def add(self, reference_id: str, vector: Vector) -> None:
        """Add one reference at the end."""
        row = len(self.references)
        if row == len(self._matrix):
            # In place, so that the old and the new matrix are not both resident. No view is alive under the lock.
            self._matrix.resize((max(_FIRST_ROWS, int(row * _GROWTH)), self.dimension), refcheck=False)
        self._matrix[row] = vector
        self.references.append(reference_id)
        self._rows[reference_id] = row

    def close(self, reference_id: str, reason: NotSearchable) -> None:
        """Note a reference whose template cannot be searched."""
        self._closed[reference_id] = reason

    def discard(self, reference_id: str) -> bool:
        """Take one reference out and its template out of memory; False where there was none."""
        if self._closed.pop(reference_id, None) is not None:
            return True
        row = self._rows.pop(reference_id, None)
        if row is None:
            return False
        last = len(self.references) - 1
        moved = self.references.pop()
        if row != last:
            self._matrix[row] = self._matrix[last]
            self.references[row] = moved
            self._rows[moved] = row
        self._matrix[last] = 0.0
        if last < len(self._matrix) // 4 and len(self._matrix) > _FIRST_ROWS:
            self._matrix.resize((max(_FIRST_ROWS, last * 2), self.dimension), refcheck=False)
        return True


class Group:
    """References of one gallery and permission class, in all spaces. `references`: how many different ones."""

    def __init__(self) -> None:
        self.shelves: dict[SpaceId, Shelf] = {}
        self.references = 0

    def put(
        self, reference_id: str, space_id: SpaceId, dimension: int, content: Vector | NotSearchable
    ) -> None:
        """Add a reference in a space; one that is there already is replaced."""
        self.discard(reference_id, space_id)
        if not self._holds(reference_id):
            self.references += 1
        shelf = self.shelves.get(space_id)
        if shelf is None:
            shelf = self.shelves[space_id] = Shelf(dimension)
        if isinstance(content, NotSearchable):
            shelf.close(reference_id, content)
        else:
            shelf.add(reference_id, content)

    def discard(self, reference_id: str, space_id: SpaceId) -> None:
        """Take a reference out of a space; one that is not there is passed over."""
        shelf = self.shelves.get(space_id)
        if shelf is None or not shelf.discard(reference_id):
            return
        if not len(shelf):
            del self.shelves[space_id]
        if not self._holds(reference_id):
            self.references -= 1

    def _holds(self, reference_id: str) -> bool:
        return any(reference_id in shelf for shelf in self.shelves.values())


class Store:
    """All that is loaded, by gallery and permission class."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, int], Group] = {}

    def put(
        self,
        key: tuple[str, int],
        reference_id: str,
        space_id: SpaceId,
        dimension: int,
        content: Vector | NotSearchable,
    ) -> None:
        """Add a reference of (gallery, class) in a space."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group()
        group.put(reference_id, space_id, dimension, content)

    def discard(self, key: tuple[str, int], reference_id: str, space_id: SpaceId) -> None:
        """Take a reference of (gallery, class) out of a space."""
        group = self._groups.get(key)
        if group is None:
            return
        group.discard(reference_id, space_id)
        if not group.references:
            del self._groups[key]

    def permitted(self, gallery_id: str, class_ids: Iterable[int]) -> list[Group]:
        """The groups of a gallery that are of the given classes."""
        keys = ((gallery_id, class_id) for class_id in sorted(set(class_ids)))
        return [self._groups[key] for key in keys if key in self._groups]

    def dimension(self, space_id: SpaceId) -> int | None:
        """Template length of a space, None where nothing of it is loaded."""
        for group in self._groups.values():
            if space_id in group.shelves:
                return group.shelves[space_id].dimension
        return None

    def references(self) -> int:
        """Different references, a gallery and class at a time."""
        return sum(group.references for group in self._groups.values())

    def shelves(self) -> Iterator[tuple[SpaceId, Shelf]]:
        """Every shelf with its space."""
        for group in self._groups.values():
            yield from group.shelves.items()

    def not_searchable(self) -> Counter[NotSearchable]:
        """How many references cannot be searched, by reason."""
        return Counter(reason for _, shelf in self.shelves() for reason in shelf.closed)
