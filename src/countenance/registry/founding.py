"""The first act: a workspace with two operators who answer for each other, and a policy pack in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.policy.book import PolicyBook, packs_for
from countenance.policy.pack import PolicyPack, pack_from_files, shipped_pack_files
from countenance.policy.places import check_place
from countenance.policy.purposes import Role
from countenance.policy.signing import sign_pack
from countenance.primitives.clock import Clock, system_clock
from countenance.records.events import Event
from countenance.records.identity import AccountKey
from countenance.records.models import Account, PackSigner, WorkspaceState
from countenance.records.policies import put_in_force
from countenance.records.settings import Settings
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

FOUNDERS = ("founder-1", "founder-2")
"""What the packs that come with the program call the keys of the two first operators."""


@dataclass(frozen=True, kw_only=True)
class Founding:
    """A new workspace. `key_files`: where the two operators' private keys lie, to be handed to two people."""

    workspace: Workspace
    key_files: tuple[Path, Path]


def found(
    directory: Path,
    *,
    operator: str,
    jurisdiction: str,
    names: tuple[str, str] = ("operator", "deputy"),
    packs: Sequence[str] = (),
    database: str | None = None,
    media: str = "",
    s3_endpoint: str = "",
    s3_allow_http: bool = False,
    models: str = Settings.models,
    clock: Clock = system_clock,
) -> Founding:
    """Make a workspace of `operator` (who runs it) in `jurisdiction` (ISO 3166). The rest: see `Workspace.create`.

    `packs`: names of shipped packs to put in force, with what they build on; else those of the operator's country.
    Raises UsageError (no such place), ConflictError (folder not empty), UnavailableError (cannot be written).
    """
    place = check_place(jurisdiction)
    loaded = [(pack_from_files(files), files) for files in map(shipped_pack_files, packs_for(place, packs))]
    PolicyBook((pack for pack, _ in loaded), operator=place)
    keys = [AccountKey.generate(name) for name in names]

    def begin(workspace: Workspace) -> None:
        for key in keys:
            key.write(workspace.directory / "accounts")
        _first_records(workspace, keys, loaded, operator=operator, place=place)
        workspace.media.check()
        workspace.checkpoint()

    workspace = Workspace.create(
        directory,
        database=database,
        media=media,
        s3_endpoint=s3_endpoint,
        s3_allow_http=s3_allow_http,
        models=models,
        clock=clock,
        begin=begin,
    )
    first, second = (workspace.directory / "accounts" / f"{name}.key" for name in names)
    return Founding(workspace=workspace, key_files=(first, second))


def _first_records(
    workspace: Workspace,
    keys: Sequence[AccountKey],
    loaded: Sequence[tuple[PolicyPack, dict[str, str]]],
    *,
    operator: str,
    place: str,
) -> None:
    with workspace.transaction() as (tx, now):
        WorkspaceState.objects.create(
            workspace_id=workspace.settings.id,
            operator=operator,
            jurisdiction=place,
            last_seen_at=now,
            created_at=now,
        )
        first, second = (
            Account.objects.create(
                name=key.account,
                role=Role.OPERATOR.value,
                public_key=key.public_bytes(),
                certified_at=now,
                founding=True,
                created_at=now,
            )
            for key in keys
        )
        for account, sponsor in ((first, second), (second, first)):
            account.sponsor = sponsor
            account.save(update_fields=["sponsor"])
        # The two founders vouch for what comes with the program: nobody else's key is trusted before they say so.
        for name, key in zip(FOUNDERS, keys, strict=True):
            PackSigner.objects.create(name=name, public_key=key.public_bytes(), trusted_at=now)
        book = put_in_force(
            [
                (
                    pack,
                    files,
                    [sign_pack(pack, name, key.private) for name, key in zip(FOUNDERS, keys, strict=True)],
                )
                for pack, files in loaded
            ],
            now,
        )
        workspace.record(
            tx,
            [
                NewEntry(
                    event=event.value,
                    at=now,
                    purpose=None,
                    jurisdiction=place,
                    client=None,
                    pack=book.hash,
                    details={"operator": operator, "accounts": [str(first.pk), str(second.pk)], **of_pack},
                )
                for event, of_pack in (
                    (Event.WORKSPACE_MADE, {}),
                    *(
                        (Event.POLICY_ACTIVATED, {"hash": pack.hash, "version": pack.version})
                        for pack, _ in loaded
                    ),
                )
            ],
        )
