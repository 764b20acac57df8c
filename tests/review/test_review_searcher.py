"""What a searcher does with a candidate before the review, and an examiner's undo: each a record of its own."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from house import House, photograph
from PIL import Image
from review_desk import THREE, Desk

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.primitives.errors import ConflictError, NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.review.showing import look
from countenance.search.values import LoggedCandidates
from countenance.service.acts import HANDLERS

SELFIE = photograph("P001", "amateur_selfie")


def found(desk: Desk) -> int:
    """A search with a candidate; its log entry."""
    answer = desk.house.search(SELFIE)
    assert isinstance(answer, LoggedCandidates)
    assert answer.candidates
    return answer.log_entry


def judge(desk: Desk, entry: int, verdict: object = 1, **more: Any) -> Any:
    house = desk.house
    params = {"case": house.case, "search": entry, "rank": 1, "verdict": verdict, **more}
    return house.act("candidate-judge", house.caseworker, **params)


def show(house: House, entry: int, key: Any = None, **more: Any) -> Any:
    params = {"case": house.case, "search": entry, "rank": 1, **more}
    signer = key or house.caseworker
    signed = signer.sign(workspace_id=house.id, act="candidate-show", params=params, at=house.clock())
    return look(house.workspace, signed, HANDLERS, house.pool).record


# ---- The searcher's own verdict


def test_an_own_verdict_opens_the_review_and_no_examiner_sees_it(desk: Desk) -> None:
    entry = found(desk)
    first = judge(desk, entry, -1, note="the ears", features=THREE)
    assert desk.house.events()[-1] == "candidate-judged"
    desk.house.clock.move(timedelta(minutes=1))
    again = judge(desk, entry, 1, note="on second thoughts")
    assert again["review"] == first["review"]
    assert again["commitment"] != first["commitment"]
    assert models.Review.objects.count() == 1
    shown = desk.look("ada")
    assert set(shown) == {"review", "pair", "left", "probe", "face"}
    assert b"second thoughts" not in b"".join(bytes(row.sealed) for row in models.FirstVerdict.objects.all())
    desk.examine("ada", lambda _: -2)
    desk.examine("bob", lambda _: -2)
    report = desk.house.act("report-make", desk.house.caseworker, case=desk.house.case)
    told = report["searches"][0]["pairs"][0]
    assert told["first"] == {"account": "carol", "scale": 1, "features": [], "note": "on second thoughts"}
    assert told["outcome"] == "no-candidate"  # two examiners decide; the searcher's word counts for nothing
    with pytest.raises(ConflictError):
        judge(desk, entry)


def test_an_own_verdict_needs_reasons_and_an_open_case_of_ones_own(sqlite_desk: Desk) -> None:
    entry = found(sqlite_desk)
    with pytest.raises(UsageError):
        judge(sqlite_desk, entry, 3)
    with pytest.raises(NotFoundError):
        judge(sqlite_desk, entry, rank=9)
    with pytest.raises(NotFoundError):
        judge(sqlite_desk, entry + 1)
    for stranger in (sqlite_desk.reviewers["ada"], sqlite_desk.house.operator):
        params = {"case": sqlite_desk.house.case, "search": entry, "rank": 1, "verdict": 0}
        with pytest.raises(RefusedError):
            sqlite_desk.house.act("candidate-judge", stranger, **params)
    sqlite_desk.house.act("case-close", sqlite_desk.house.caseworker, case=sqlite_desk.house.case)
    with pytest.raises(ConflictError):
        judge(sqlite_desk, entry)
    assert models.FirstVerdict.objects.count() == 0


# ---- The whole photograph


@pytest.fixture
def together(sqlite_house: House) -> House:
    """Two people on one photograph of a source, the first of whom may be found."""
    left, right = (Image.open(io.BytesIO(photograph(person))).convert("RGB") for person in ("P001", "P002"))
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    stream = io.BytesIO()
    both.save(stream, "JPEG", quality=92)
    data = stream.getvalue()
    boxes = [face.box.x for face in sqlite_house.faces(data)]
    sqlite_house.enrol(sqlite_house.person("P001"), data, number=boxes.index(min(boxes)))
    folder = sqlite_house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    (folder / "P001.jpg").write_bytes(data)
    return sqlite_house


def _entry(house: House) -> int:
    answer = house.search(SELFIE)
    assert isinstance(answer, LoggedCandidates)
    return answer.log_entry


def test_everybody_else_is_destroyed_in_the_pixels(together: House) -> None:
    entry = _entry(together)
    record = show(together, entry)
    assert record["destroyed"] == 1
    assert set(record) == {"case", "rank", "photograph", "source", "picture", "destroyed"}
    data = base64.b64decode(record["picture"])
    again = together.pool.submit(data, detail=Detail.FULL, rule=PROBE_RULE).result()
    assert isinstance(again, PhotographExtraction)
    (left,) = again.pages[0].faces
    assert left.box.x < Image.open(io.BytesIO(data)).width / 2
    assert together.events()[-1] == "candidate-shown"


def test_a_face_on_record_is_destroyed_where_no_detector_finds_it(together: House) -> None:
    """Whoever is held back or suppressed has a box on record; it is destroyed whatever is seen there today."""
    entry = _entry(together)
    own = models.Face.objects.get()
    models.Face.objects.create(
        photograph=own.photograph,
        number=7,
        x=4,
        y=4,
        width=30,
        height=30,
        landmarks=[],
        detector_score=0.5,
        eye_distance=9,
        state="held",
    )
    record = show(together, entry)
    assert record["destroyed"] == 2
    picture = Image.open(io.BytesIO(base64.b64decode(record["picture"])))
    corner = np.asarray(picture).astype(int)[4:14, 4:14].reshape(-1, 3)
    assert corner.std(axis=0).max() < 3


def test_the_photograph_stays_inside_the_cases_grant(together: House) -> None:
    entry = _entry(together)
    before = together.events().count("candidate-shown")
    stranger = together.account("rosa", "reviewer")
    for key in (stranger, together.operator):
        with pytest.raises(RefusedError):
            show(together, entry, key)
    with pytest.raises(NotFoundError):
        show(together, entry + 1)
    (together.workspace.directory.parent / "photographs" / "P001.jpg").write_bytes(photograph("P002"))
    assert show(together, entry)["picture"] is None  # not the file that was taken in
    code = models.ConsentReceipt.objects.get().code
    together.act("consent-withdraw", receipt=code)
    with pytest.raises(NotFoundError):
        show(together, entry)
    together.clock.move(timedelta(days=4000))
    with pytest.raises((RefusedError, ConflictError)):
        show(together, entry)
    assert together.events().count("candidate-shown") == before + 1


# ---- Undo


def test_undo_is_a_record_and_nothing_is_overwritten(desk: Desk) -> None:
    found(desk)
    desk.open()
    pair = desk.look("ada")["pair"]
    sealed = desk.seal("ada", pair, -2)
    row = models.Verdict.objects.get()
    kept = (bytes(row.sealed), row.commitment, row.sealed_at)
    withdrawn = desk.house.act("review-withdraw", desk.reviewers["ada"])
    assert withdrawn == {"review": sealed["review"], "pair": pair, "commitment": sealed["commitment"]}
    row.refresh_from_db()
    assert (bytes(row.sealed), row.commitment, row.sealed_at) == kept
    assert desk.look("ada")["pair"] == pair  # it comes again at once
    again = desk.seal("ada", pair, 0)
    assert again["commitment"] != sealed["commitment"]
    assert models.Verdict.objects.count() == 2
    assert [event for event in desk.house.events() if event.startswith("verdict-")] == [
        "verdict-sealed",
        "verdict-withdrawn",
        "verdict-sealed",
    ]


def test_a_finished_examination_is_open_again_until_verdicts_are_revealed(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    found(desk)
    code = desk.open()
    pairs = desk.examine("ada", lambda _: -2)
    desk.house.act("review-withdraw", desk.reviewers["ada"], pair=pairs[0])
    desk.examine("bob", lambda _: -2)
    assert desk.outcome(code) is None  # ada has a pair to examine again
    with pytest.raises(NotFoundError):  # nobody withdraws what another sealed
        desk.house.act("review-withdraw", desk.reviewers["bob"], pair=pairs[1])
    assert desk.examine("ada", lambda _: -3) == [pairs[0]]
    assert desk.outcome(code) is not None
    for name in ("ada", "bob"):
        with pytest.raises(NotFoundError):
            desk.house.act("review-withdraw", desk.reviewers[name])
    withdrawn = models.Verdict.objects.get(withdrawn_at__isnull=False)
    assert (withdrawn.revealed_at, withdrawn.scale) == (None, None)


def test_a_pair_may_be_skipped_and_comes_again(sqlite_desk: Desk) -> None:
    found(sqlite_desk)
    sqlite_desk.open()
    first = sqlite_desk.look("ada")["pair"]
    second = sqlite_desk.look("ada", after=first)["pair"]
    third = sqlite_desk.look("ada", after=second)["pair"]
    assert len({first, second, third}) == 3
    assert sqlite_desk.look("ada", after=third)["pair"] == first
    assert sqlite_desk.seal("ada", second, 0)["left"] == 2
    assert sqlite_desk.look("ada")["pair"] == first
