"""Order packs: a binding order of an authority, put in force by two of the operator's people who vouch for its text.

Each order of the pack stands in the records as if its authority had issued it here: refusals name it, and that authority
alone lifts it. So whoever puts one in force cannot take it back, and neither can two operators together.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from countenance.acting.step import Outcome, Step
from countenance.policy.ordering import OrderPack, PackedOrder, order_pack_from_files
from countenance.policy.restrictions import TargetKind
from countenance.policy.signing import PackSignature, check_signatures
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError
from countenance.primitives.ids import new_code
from countenance.primitives.text import N_
from countenance.records import closing
from countenance.records.events import Event
from countenance.records.models import Order, Organisation
from countenance.records.naming import namesake
from countenance.records.policies import trusted_signers
from countenance.tlog.leaf import NewEntry


def put_orders_in_force(step: Step, files: dict[str, str], signatures: Iterable[PackSignature]) -> Outcome:
    """Put every order of the pack in force, in the open transaction.

    Raises RefusedError where it is not signed as it must be, ConflictError where one of its orders stands already.
    """
    pack = order_pack_from_files(files)
    signed_by = check_signatures(pack, signatures, trusted_signers())
    authority = _authority(pack)
    standing = Order.objects.filter(authority_id=UUID(authority["id"]), number=pack.number, lifted_at=None)
    if standing.exists():
        raise ConflictError(
            N_("The order {number} of {authority} is in force already."),
            code="order-in-force",
            number=pack.number,
            authority=authority["name"],
        )
    first, *others = [_details(pack, order, authority, signed_by) for order in pack.orders]
    index = step.workspace.log.head(step.tx).size
    for number, details in enumerate((first, *others)):
        closing.issue_order(
            step.workspace, step.tx, details, account=None, at=step.now, log_index=index + number
        )
    return Outcome(
        record={
            "pack": pack.name,
            "version": pack.version,
            "hash": pack.hash,
            "authority": authority["name"],
            "dated": pack.dated,
            "orders": [f"{details['code']} {details['kind']}" for details in (first, *others)],
            "state": "in-force",
        },
        event=Event.ORDER_ISSUED,
        details=first,
        jurisdiction=pack.place,
        further=[
            NewEntry(
                event=Event.ORDER_ISSUED.value,
                at=step.now,
                purpose=None,
                jurisdiction=pack.place,
                client=None,
                pack=None,
                details=details,
            )
            for details in others
        ],
    )


def _authority(pack: OrderPack) -> dict[str, str]:
    """The authority as it is registered here, or as it is to be written down with its first order."""
    known = namesake(Organisation, pack.authority)
    if known is None:
        # An authority may be registered under a shorter name; two of one place are left alone.
        there = [each for each in Organisation.objects.filter(jurisdiction=pack.place) if each.is_authority]
        known = there[0] if len(there) == 1 else None
    if known is not None and not known.is_authority:
        raise ConflictError(
            N_("There is an organisation {name} already."), code="organisation-exists", name=pack.authority
        )
    if known is not None:
        return {"id": str(known.pk), "name": known.name, "place": known.jurisdiction}
    return {"id": str(uuid4()), "name": pack.authority, "place": pack.place}


def _details(
    pack: OrderPack, order: PackedOrder, authority: dict[str, str], signed_by: tuple[str, ...]
) -> dict[str, Json]:
    """What the log keeps of one order: enough to put it in force again after a restore."""
    return {
        "code": new_code("O"),
        "kind": order.kind.value,
        "target": TargetKind.PLACE.value,
        "target_id": pack.place,
        "target_name": pack.place,
        "authority": dict(authority),
        "number": pack.number,
        "dated": pack.dated,
        "text": order.en,
        "document_sha256": "",
        "ends_at": None,
        "destroy_from": None if order.destroy_from is None else f"{order.destroy_from}T00:00:00+00:00",
        "pack": pack.name,
        "pack_version": pack.version,
        "pack_hash": pack.hash,
        "signed_by": list(signed_by),
    }
