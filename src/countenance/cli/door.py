"""What a run of the program knows: where the workspace is, who signs, and in which form to answer.

A command asks its door for a workspace, a signed act or a place to print; nothing is opened before that.
"""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.cli.screen import Screen
from countenance.primitives.errors import CountenanceError, NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.service.address import is_left_there, socket_of

if TYPE_CHECKING:
    from countenance.acting.path import ActResult
    from countenance.primitives.canonical import Json
    from countenance.records.identity import SignedRequest
    from countenance.records.workspace import Workspace
    from countenance.service.searcher import RemoteSearcher

WORKSPACE_VARIABLE = "COUNTENANCE_WORKSPACE"
ACCOUNT_VARIABLE = "COUNTENANCE_ACCOUNT"
KEYS_VARIABLE = "COUNTENANCE_KEYS"

_log = logging.getLogger(__name__)

DEFAULT_FOLDER = "countenance-workspace"
DEFAULT_ACCOUNT = "operator"
_MARK = "workspace.toml"


@dataclass(kw_only=True)
class Asked:
    """The common options as they were given; None where they were not."""

    workspace: Path | None = None
    json: bool = False
    lang: str | None = None
    account: str | None = None
    keys: Path | None = None


@dataclass(kw_only=True)
class Door:
    """One run. `screen`: where it prints. Close it to close what it opened."""

    screen: Screen
    asked: Asked = field(default_factory=Asked)
    _open: ExitStack = field(default_factory=ExitStack)
    _workspace: Workspace | None = None

    def close(self) -> None:
        """Close keys and database, if they were opened."""
        self._open.close()
        self._workspace = None

    # Where

    def directory(self) -> Path:
        """The workspace's folder: named, by the environment, or the nearest at or above this one. It need not exist."""
        named = self.asked.workspace or _from_environment(WORKSPACE_VARIABLE)
        return named if named is not None else _nearest() or Path(DEFAULT_FOLDER)

    def new_directory(self) -> Path:
        """Where `init` makes a workspace: never in an upper folder that nobody named."""
        return self.asked.workspace or _from_environment(WORKSPACE_VARIABLE) or Path(DEFAULT_FOLDER)

    def workspace(self) -> Workspace:
        """The open workspace. Raises NotFoundError and its kin where there is none to open."""
        if self._workspace is None:
            from countenance.records.workspace import Workspace

            self._workspace = self._open.enter_context(Workspace.open(self.directory().absolute()))
            self._open.callback(_keep_index, self._workspace, self.directory().absolute())
        return self._workspace

    @property
    def opened(self) -> Workspace | None:
        """The workspace if this run has opened it."""
        return self._workspace

    # Who

    def keys(self) -> Path:
        """Folder of the private keys."""
        return self.asked.keys or _from_environment(KEYS_VARIABLE) or self.directory() / "accounts"

    def account(self) -> str:
        """The account that signs: named, by the environment, the only key that is there, or `operator`.

        Raises UsageError where that leaves it open.
        """
        named = self.asked.account or os.environ.get(ACCOUNT_VARIABLE)
        if named:
            return named
        folder = self.keys()
        held = sorted(path.stem for path in folder.glob("*.key")) if folder.is_dir() else []
        if len(held) == 1:
            return held[0]
        if DEFAULT_ACCOUNT in held:
            return DEFAULT_ACCOUNT
        if not held:
            raise NotFoundError(
                N_("There is no private key in {folder}."),
                remedy=N_("Name the folder that holds your key: --keys DIR."),
                code="account-key-missing",
                folder=str(folder),
            )
        raise UsageError(
            N_("{folder} holds {count} keys; say whose you are."),
            remedy=N_("Give --as, one of: {known}."),
            code="account-open",
            folder=str(folder),
            count=len(held),
            known=", ".join(held),
        )

    def sign(self, act: str, params: Json) -> SignedRequest:
        """`act` signed with the caller's own key."""
        return self._sign(str(self.workspace().settings.id), act, params)

    def _sign(self, workspace_id: str, act: str, params: Json) -> SignedRequest:
        from countenance.primitives.clock import system_clock
        from countenance.records.identity import AccountKey

        account = self.account()
        if Path(account).name != account:
            raise UsageError(
                N_("{account} is not the name of an account."), code="account-name", account=account
            )
        return AccountKey.read(self.keys() / f"{account}.key").sign(
            workspace_id=workspace_id, act=act, params=params, at=system_clock()
        )

    def perform(self, act: str, params: Json) -> ActResult:
        """Sign an act and have it carried out: by the running searcher, so that no key of the workspace is read here, or here."""
        searcher = self._searcher()
        if searcher is not None:
            return searcher.perform(self._sign(searcher.workspace_id, act, params))
        from countenance.service.acts import perform

        return perform(self.workspace(), self.sign(act, params))

    def _searcher(self) -> RemoteSearcher | None:
        """The running searcher, unless this run has opened the workspace itself."""
        if self._workspace is not None or not is_left_there(socket_of(self.directory().absolute())):
            return None
        from countenance.service.searcher import connect

        found = connect(socket_of(self.directory().absolute()))
        return None if found is None else self._open.enter_context(found)

    def read(self, listing: str, act: str = "records-read") -> list[dict[str, Json]]:
        """One listing, as the caller may see it; `act`: the one that reads it."""
        record = self.perform(act, {"listing": listing}).record
        assert isinstance(record, dict)
        return list(record[listing])


def _keep_index(workspace: Workspace, directory: Path) -> None:
    """Rewrite what still holds erased rows before the command ends, unless a searcher is there to do it."""
    if is_left_there(socket_of(directory)):
        return
    from countenance.records.erasing.steps import finish

    try:
        finish(workspace)
        workspace.keep_index_where_due()
    except (
        CountenanceError
    ) as error:  # what the command did is done; the next one, or a searcher, keeps the index
        _log.warning("no upkeep of the index: %s", error.code)


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def _nearest() -> Path | None:
    """The nearest workspace at or above the current folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        for candidate in (folder, folder / DEFAULT_FOLDER):
            if (candidate / _MARK).is_file():
                return candidate
    return None
