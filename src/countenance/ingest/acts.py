"""Acts about model packs: that a gallery's templates are made anew, which pack is in use, whether one is whole, that one goes."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.extraction.adding import check_removable, remove
from countenance.extraction.pack import load_pack
from countenance.ingest.moving import left_to_move
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import WorkspaceState
from countenance.records.named import find_gallery
from countenance.records.suppressing.elsewhere import pack_of
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.suppressing.operating import operating_point
from countenance.records.workspace import Workspace


def migrate(step: Step) -> Outcome:
    """`gallery`, `pack`. Only the entry; the door then has the templates made (`ingest.moving`)."""
    gallery = find_gallery(step.params.line("gallery"))
    pack = load_pack(step.params.line("pack"))
    if pack.space_id == step.workspace.models.space_id:
        raise _in_use(pack.name)
    left = len(left_to_move(gallery, str(pack.space_id)))
    return Outcome(
        record={"gallery": gallery.name, "pack": pack.name, "space_id": str(pack.space_id), "left": left},
        event=Event.MODEL_MIGRATED,
        details={"gallery": str(gallery.pk), "space": str(pack.space_id), "left": left},
        jurisdiction=gallery.jurisdiction,
    )


def switch(step: Step) -> Outcome:
    """`pack`; `leave` where references without a template of it are to be searched no more. Two persons. Switching back is
    the same act with the pack of before: its templates are still there.
    """
    pack = load_pack(step.params.line("pack"))
    before = step.workspace.models_in_use()
    if pack.name == before:
        raise _in_use(pack.name)
    space = str(pack.space_id)
    left = len(left_to_move(None, space))
    if left and not step.params.flag("leave"):
        raise ConflictError(
            N_("{left} references have no template of the pack {pack} yet; they would not be found."),
            remedy=N_(
                "Run countenance models migrate for each gallery; --leave searches without those that cannot be moved."
            ),
            code="models-left",
            left=left,
            pack=pack.name,
        )
    _check_kept_out(step.workspace, space)
    WorkspaceState.objects.filter(pk=1).update(model_pack=pack.name)
    step.workspace.revoke_grants()
    step.afterwards.append(step.workspace.reload_models)
    return Outcome(
        record={"pack": pack.name, "before": before, "left": left},
        event=Event.MODEL_SWITCHED,
        details={"pack": pack.name, "space": space, "before": before, "left": left},
    )


def verify(step: Step) -> Outcome:
    """`pack`. Hashes and golden vectors, after the transaction: nothing waits for the models meanwhile, and nothing is changed.

    Raises IntegrityError for what differs.
    """
    pack = step.params.line("pack")
    found: dict[str, Json] = {"model": pack}

    def run() -> None:
        from countenance.extraction.golden import verify as check

        check(pack)
        found["state"] = "whole"

    step.afterwards.append(run)
    return Outcome(record=found)


def take_away(step: Step) -> Outcome:
    """`pack`, of those that were added. Its files go from this machine once the entry is committed; templates of its space can
    be searched no more. Raises ConflictError for the pack in use, and where the suppression list needs it.
    """
    pack = step.params.line("pack")
    check_removable(pack)
    if pack == step.workspace.models_in_use():
        raise ConflictError(
            N_("The pack {pack} is in use."),
            remedy=N_("Switch to another pack first."),
            code="models-in-use",
            pack=pack,
        )
    kept = {made.name for space in SuppressionList(step.workspace).spaces() if (made := pack_of(space))}
    if pack in kept:
        raise ConflictError(
            N_("People chose to be kept out by a template of the pack {pack}."),
            remedy=N_("Wait until their entries have run out."),
            code="models-suppression",
            pack=pack,
        )
    step.afterwards.append(lambda: remove(pack))
    return Outcome(record={"removed": pack}, event=Event.MODEL_REMOVED, details={"pack": pack})


def _check_kept_out(workspace: Workspace, space: str) -> None:
    """Who is on the suppression list must be known after the switch too: by the pack that made their template, if it stays
    installed, or by none. Raises ConflictError, UnavailableError.
    """
    listed = SuppressionList(workspace)
    for other in listed.spaces() - {space}:
        pack = pack_of(other)
        if pack is None:
            raise ConflictError(
                N_("People chose to be kept out by a template of a pack that is not installed any more."),
                remedy=N_("Install it again, or wait until their entries have run out."),
                code="models-suppression",
            )
        operating_point(pack, listed.length())


HANDLERS: Handlers = {
    Act.MODEL_MIGRATE: Handler(carry_out=migrate),
    Act.MODEL_SWITCH: Handler(carry_out=switch),
    Act.MODEL_VERIFY: Handler(carry_out=verify),
    Act.MODEL_REMOVE: Handler(carry_out=take_away),
}


def _in_use(name: str) -> ConflictError:
    return ConflictError(N_("The pack {pack} is in use already."), code="models-in-use", pack=name)
