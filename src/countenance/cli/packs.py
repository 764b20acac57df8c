"""Packs as folders, for the commands of `countenance policy`: copied out, signed, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from countenance.cli.door import Door
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, NotFoundError, UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.difference import Differences
    from countenance.policy.ordering import OrderPack
    from countenance.policy.pack import PolicyPack
    from countenance.policy.signing import PackSignature


def files_of(name: Path) -> dict[str, str]:
    """The texts of the pack in a folder, or of the one of that name that comes with the program."""
    from countenance.policy.ordering import shipped_order_files, shipped_orders
    from countenance.policy.pack import read_pack_files, shipped_pack_files, shipped_packs

    if not name.is_dir() and str(name) in shipped_packs():
        return shipped_pack_files(str(name))
    if not name.is_dir() and str(name) in shipped_orders():
        return shipped_order_files(str(name))
    return read_pack_files(name)


def signatures_in(folder: Path) -> tuple[PackSignature, ...]:
    """The signatures beside a pack's files; none where there is no such file."""
    from countenance.policy.pack import SIGNATURES_FILE
    from countenance.policy.signing import read_signatures

    path = folder / SIGNATURES_FILE
    return read_signatures(path.read_text(encoding="utf-8")) if path.is_file() else ()


def export(name: Path, folder: Path) -> PolicyPack | OrderPack:
    """Copy a pack that comes with the program into a new folder, to be read, changed and signed."""
    from countenance.policy.ordering import any_pack

    files = files_of(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConflictError(N_("{directory} is not empty."), code="not-empty", directory=str(folder))
        for file, text in files.items():
            write_atomically(folder / file, text.encode("utf-8"))
    except OSError as error:
        raise UnavailableError(
            N_("{directory} cannot be written."), code="not-writable", directory=str(folder)
        ) from error
    return any_pack(files)


def sign(door: Door, folder: Path) -> dict[str, Json]:
    """Add the signature of the caller's key to those beside the pack."""
    from countenance.policy.ordering import any_pack
    from countenance.policy.pack import SIGNATURES_FILE, read_pack_files
    from countenance.policy.signing import sign_pack, write_signatures
    from countenance.records.identity import AccountKey
    from countenance.records.policies import trusted_signers

    pack = any_pack(read_pack_files(folder))
    door.workspace()
    key = AccountKey.read(door.keys() / f"{door.account()}.key")
    names = [name for name, public in trusted_signers().items() if public == key.public_bytes()]
    if not names:
        raise NotFoundError(
            N_("The key of {account} may not vouch for policy packs here."),
            remedy=N_("Two persons can let it, with: countenance policy trust"),
            code="not-a-signer",
            account=door.account(),
        )
    kept = [entry for entry in signatures_in(folder) if entry.key != names[0]]
    signatures = [*kept, sign_pack(pack, names[0], key.private)]
    write_atomically(folder / SIGNATURES_FILE, write_signatures(signatures).encode("utf-8"))
    return {"pack": pack.name, "hash": pack.hash, "signed_by": [entry.key for entry in signatures]}


def compare(door: Door, old: Path | None, new: Path) -> Differences:
    """What `new` would decide differently from `old`, or from the pack of its name in force where none is named."""
    from countenance.policy.difference import difference
    from countenance.policy.pack import pack_from_files

    base = door.workspace().policy().book
    before = base if old is None else base.with_pack(pack_from_files(files_of(old)))
    return difference(before, base.with_pack(pack_from_files(files_of(new))))
