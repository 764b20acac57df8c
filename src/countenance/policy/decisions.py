"""What policy answers: one of two shapes, both frozen, the second always with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.primitives.errors import RefusedError
from countenance.primitives.text import N_


@dataclass(frozen=True, kw_only=True)
class Permitted:
    """Policy permits. `rule`: id of the permitting rule. `pack`: hash of the book of packs that was asked."""

    rule: str
    pack: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Policy refuses, and says by what.

    `reason`: kebab-case code. `rule`: id of the rule. `authority`: law, finding or order it rests on.
    `since`: ISO date from which the rule applies. `explanation`: one English sentence (a catalogue key).
    `pack`: hash of the book of packs that was asked.
    """

    reason: str
    rule: str
    authority: str
    since: str
    explanation: str
    pack: str

    def error(self) -> RefusedError:
        """The same refusal as an exception, for callers that cannot go on."""
        return RefusedError(
            self.explanation, reason=self.reason, rule=self.rule, authority=self.authority, since=self.since
        )


type Decision = Permitted | Refused

NOT_PERMITTED = N_("No rule permits this.")
OTHER_RELEASE = N_(
    "The pack HOUSE in force belongs to another release of this program and does not know this question. Two persons put this "
    "release's in force: countenance policy export HOUSE house, policy sign house, policy activate house."
)
