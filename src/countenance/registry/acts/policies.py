"""Policy packs: put in force by two persons, their hash in the log, the one before kept for replay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from countenance.acting.step import Outcome, Step
from countenance.policy.engine import PolicyEngine
from countenance.policy.manifest import HOUSE
from countenance.policy.pack import ORDER_FILE, load_pack, pack_from_files, pack_hash
from countenance.policy.signing import PackSignature
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import PackSigner, PolicyPackRecord
from countenance.records.policies import hashes_in_force
from countenance.records.policies import put_in_force as packs_in_force
from countenance.registry.acts.order_packs import put_orders_in_force

PUBLIC_KEY_BYTES = 32


def activate(step: Step) -> Outcome:
    """`files`: name -> text of the pack; `signatures`: name of a key -> signature in hexadecimal, two at the least.

    It must load (schema, annotations) and be signed before it replaces the one in force.
    """
    texts = _texts(step)
    signatures = _signatures(step.params.json.get("signatures", {}))
    if ORDER_FILE in texts:
        return put_orders_in_force(step, texts, signatures)
    return put_in_force(step, texts, signatures)


def decides(step: Step) -> PolicyEngine:
    """Whose rules decide on an activation: those in force, or for this release's own HOUSE that very pack with the others.

    Only so does a workspace whose HOUSE is of another release come out of it: that HOUSE may not even know how an act is asked
    today, and what it does not know it refuses. Two persons and two named keys sign all the same.
    """
    engine = step.workspace.policy()
    if engine.book.of_this_release:
        return engine
    ours = load_pack(HOUSE)
    return PolicyEngine(engine.book.with_pack(ours)) if pack_hash(_texts(step)) == ours.hash else engine


def dry_run(step: Step) -> Outcome:
    """What the pack in `files` would decide differently from those in force, over the grid of `policy.difference`. Nothing is done."""
    from countenance.policy.difference import difference

    texts = _texts(step)
    if ORDER_FILE in texts:
        raise UsageError(
            N_("An order pack closes things; what it would close, the preview of each of its orders shows."),
            code="policy-try-order",
        )
    pack = pack_from_files(texts)
    before = step.workspace.policy().book
    after = before.with_pack(pack)
    found: dict[str, Json] = {"pack": pack.name, "version": pack.version}
    # After the transaction: thousands of questions take a while, and nobody waits for them to write.
    step.afterwards.append(lambda: found.update(difference(before, after).document()))
    return Outcome(record=found)


def _texts(step: Step) -> dict[str, str]:
    files = step.params.json.get("files")
    if not isinstance(files, Mapping) or not all(isinstance(text, str) for text in files.values()):
        raise UsageError(N_("A policy pack is a set of text files."), code="policy-files")
    return {str(name): str(text) for name, text in files.items()}


def _signatures(given: Json) -> tuple[PackSignature, ...]:
    try:
        if not isinstance(given, Mapping):
            raise TypeError
        return tuple(
            PackSignature(key=key, signature=bytes.fromhex(str(signature)))
            for key, signature in given.items()
        )
    except (TypeError, ValueError) as error:
        raise UsageError(
            N_("The signatures of a policy pack are hexadecimal, by the name of the key."),
            code="policy-signatures",
        ) from error


def trust(step: Step) -> Outcome:
    """`name`, `public_key` (64 hexadecimal digits): a key that may vouch for packs from now on, in the place of the one
    of its name if there is one. Takes two persons.
    """
    name = step.params.line("name")
    try:
        key = bytes.fromhex(step.params.line("public_key"))
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise UsageError(N_("A public key is 64 hexadecimal digits."), code="public-key")
    if PackSigner.objects.filter(public_key=key).exclude(pk=name).exists():
        raise ConflictError(N_("This key is trusted under another name."), code="key-trusted")
    PackSigner.objects.update_or_create(name=name, defaults={"public_key": key, "trusted_at": step.now})
    return Outcome(
        record={"signer": name, "public_key": key.hex()},
        event=Event.SIGNER_TRUSTED,
        details={"signer": name, "public_key": key.hex()},
    )


def put_in_force(step: Step, files: dict[str, str], signatures: Iterable[PackSignature]) -> Outcome:
    """Put the pack of these files in the place of the one of its name, if there is one."""
    pack = pack_from_files(files)
    if pack.hash in hashes_in_force():
        raise ConflictError(N_("This very pack is in force already."), code="policy-in-force")
    book = packs_in_force([(pack, files, signatures)], step.now)
    step.workspace.revoke_grants()
    return Outcome(
        record={
            "pack": pack.name,
            "version": pack.version,
            "hash": pack.hash,
            "policy": book.hash,
            "state": "in-force",
        },
        event=Event.POLICY_ACTIVATED,
        details={"hash": pack.hash, "version": pack.version, "policy": book.hash},
        jurisdiction=None if pack.name == HOUSE else pack.name,
    )


def describe(row: PolicyPackRecord) -> dict[str, Json]:
    """What is shown of a pack."""
    return {
        "pack": row.name,
        "version": row.version,
        "hash": row.hash,
        "activated_at": row.activated_at.isoformat(timespec="seconds"),
        "state": "retired" if row.retired_at else "in-force",
    }
