"""What every step of the demonstration is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from countenance.acting.path import ActResult
from countenance.cli.demo.cast import Cast
from countenance.cli.demo.texts import STEPS
from countenance.cli.language import Language, _, say, spoken
from countenance.cli.screen import Screen
from countenance.policy.book import PolicyBook
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_
from countenance.records.identity import AccountKey
from countenance.records.workspace import Workspace
from countenance.service.acts import perform


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as it went. `promises`: what it was to bring about, and whether it did. `result`: for `--json`."""

    name: str
    promises: Mapping[str, bool]
    result: dict[str, Json]

    @property
    def ok(self) -> bool:
        """Whether every promise was kept; a step that promised nothing was not tried."""
        return bool(self.promises) and all(self.promises.values())

    def document(self) -> dict[str, Json]:
        """The step for `--json`."""
        return {"step": self.name, "ok": self.ok, "promises": dict(self.promises), "result": self.result}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The demonstration's workspace and its people. `folder`: where all of it lies."""

    folder: Path
    workspace: Workspace = field(repr=False)
    operator: AccountKey = field(repr=False)
    caseworker: AccountKey = field(repr=False)
    cast: Cast
    screen: Screen = field(repr=False)

    def act(self, key: AccountKey, act: str, **params: Json) -> ActResult:
        """Sign an act and carry it out, as every command does."""
        workspace = self.workspace
        return perform(
            workspace,
            key.sign(workspace_id=str(workspace.settings.id), act=act, params=params, at=workspace.clock()),
        )

    def begin(self, name: str) -> None:
        """The heading of a step, and why it is there."""
        begin(self.screen, name)

    def refusal(self, refused: Refused) -> RefusalWords:
        """A refusal in the language spoken now."""
        return refusal_words(self.workspace.policy().book, refused.rule, refused.reason)


@dataclass(frozen=True, kw_only=True)
class RefusalWords:
    """A refusal for people: what the rule says, and what it rests on."""

    sentence: str
    reason: str
    rule: str
    authority: str
    since: str

    def document(self) -> dict[str, Json]:
        """The refusal for `--json`."""
        return {"reason": self.reason, "rule": self.rule, "authority": self.authority, "since": self.since}

    def show(self, screen: Screen, what: str) -> None:
        """On a terminal, under the sentence of what was tried."""
        screen.paragraph(what, indent=2)
        screen.paragraph(self.sentence, indent=4)
        line = say(
            N_("{rule}, {reason}; {authority}; since {since}"),
            rule=self.rule,
            reason=self.reason,
            authority=self.authority,
            since=self.since,
        )
        screen.paragraph(line, indent=4, dim=True)


def begin(screen: Screen, name: str) -> None:
    """Print a step's number, title and reason."""
    names = list(STEPS)
    title, why = STEPS[name]
    screen.line()
    screen.paragraph(f"{names.index(name) + 1}/{len(names)}  {_(title)}", bold=True)
    screen.paragraph(_(why), indent=2)


def refusal_words(book: PolicyBook, rule_id: str, reason: str) -> RefusalWords:
    """A rule as the refusal it gives; a pack carries its sentences and sources in both languages."""
    rule = book.rule(rule_id)
    french = spoken() is Language.FR
    return RefusalWords(
        sentence=rule.fr if french else rule.en,
        reason=reason,
        rule=rule.id,
        authority=rule.authority_fr if french else rule.authority,
        since=rule.since,
    )
