"""A house with reviewers, and hands to examine with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from house import House, photograph

from countenance.records.identity import AccountKey

THREE = [{"feature": name, "finding": "alike"} for name in ("ears", "nose", "eyes")]


@dataclass(kw_only=True)
class Desk:
    """A house with reviewers who are trained, a supervisor, and hands to examine."""

    house: House
    supervisor: AccountKey
    reviewers: dict[str, AccountKey]

    def train(self, name: str, **changes: Any) -> Any:
        params = {
            "account": name,
            "training": "Facial review, level 2",
            "evidence": "Certificate 12",
            **changes,
        }
        return self.house.act("competence-record", self.supervisor, **params)

    def open(self) -> str:
        """Open the review of the house's case; its code."""
        record = self.house.act("review-open", self.supervisor, case=self.house.case)
        return str(record["reviews"][-1]["review"])

    def look(self, name: str, **params: Any) -> Any:
        return self.house.act("review-next", self.reviewers[name], **params)

    def seal(self, name: str, pair: str, verdict: object, features: object = THREE, **more: Any) -> Any:
        return self.house.act(
            "review-seal", self.reviewers[name], pair=pair, verdict=verdict, features=features, **more
        )

    def examine(self, name: str, judge: Callable[[dict[str, Any]], object]) -> list[str]:
        """Examine all that is left of one review; the pairs in the order in which they came."""
        pairs: list[str] = []
        while (shown := self.look(name))["pair"] is not None:
            pairs.append(shown["pair"])
            if self.seal(name, shown["pair"], judge(shown))["left"] == 0:
                break
        return pairs

    def outcome(self, code: str) -> str | None:
        listed = self.house.act("review-read", self.supervisor, listing="reviews")["reviews"]
        (found,) = [row["outcome"] for row in listed if row["review"] == code]
        return found  # type: ignore[no-any-return]


def desk_of(house: House, people: int = 3) -> Desk:
    for number in range(1, people + 1):
        label = f"P{number:03}"
        house.enrol(house.person(label), photograph(label))
    made = Desk(house=house, supervisor=house.account("sue", "supervisor"), reviewers={})
    for name in ("ada", "bob", "cleo", "dan"):
        made.reviewers[name] = house.account(name, "reviewer")
        made.train(name)
    return made
