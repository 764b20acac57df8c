from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from pictures import encode, exif, stored_for
from PIL import Image, ImageFilter

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail, FaceReason, QualityReason
from countenance.extraction.align import TEMPLATE, align, similarity
from countenance.extraction.decode import decode
from countenance.extraction.detect import plan_views, suppress
from countenance.extraction.engine import Extractor, estimate
from countenance.extraction.page import Page
from countenance.extraction.quality import Quality, reasons
from countenance.extraction.recognise import PermittedSample, Sample
from countenance.extraction.values import (
    PROBE_RULE,
    EmbedRule,
    ExtractionLimits,
    ExtractionResult,
    FaceExtraction,
    Label,
    PhotographExtraction,
    Unreadable,
    UnreadableReason,
)

LIMITS = ExtractionLimits()
NOBODY = EmbedRule(unlabelled=False, labels=())


def run(
    extractor: Extractor, data: bytes, rule: EmbedRule = PROBE_RULE, detail: Detail = Detail.STANDARD
) -> ExtractionResult:
    return extractor.extract(data, detail=detail, rule=rule, limits=LIMITS)


def faces(
    extractor: Extractor, data: bytes, rule: EmbedRule = PROBE_RULE, detail: Detail = Detail.STANDARD
) -> tuple[FaceExtraction, ...]:
    result = run(extractor, data, rule, detail)
    assert isinstance(result, PhotographExtraction), result
    return result.pages[0].faces


def template(extractor: Extractor, data: bytes) -> Template:
    strongest = faces(extractor, data)[0]
    assert strongest.template is not None
    return strongest.template


def cosine(a: Template, b: Template) -> float:
    return float(a.vector @ b.vector)


def test_portrait(extractor: Extractor, portrait: bytes) -> None:
    (face,) = faces(extractor, portrait)
    assert face.template is not None
    assert face.template.space_id == extractor.pack.space_id
    assert face.template.dimension == 128
    assert face.norm == face.template.norm
    assert face.norm > 8
    assert face.quality == ()
    assert face.eye_distance > 200
    with Image.open(io.BytesIO(face.crop)) as crop:
        assert crop.format == "JPEG"
        assert 200 <= max(crop.size) <= 224
        for x, y in face.crop_landmarks.points():
            assert 0 < x < crop.width
            assert 0 < y < crop.height


def test_same_bytes_give_the_same_template(extractor: Extractor, portrait: bytes) -> None:
    assert template(extractor, portrait).to_bytes() == template(extractor, portrait).to_bytes()


def test_template_does_not_depend_on_the_other_faces(extractor: Extractor, people: Path) -> None:
    sheet = (people / "P001" / "assets" / "character_sheet.jpg").read_bytes()
    everybody = faces(extractor, sheet)
    assert len(everybody) >= 5
    wanted = everybody[2]
    rule = EmbedRule(unlabelled=False, labels=(Label(key="one", box=wanted.box, permitted=True),))
    alone = faces(extractor, sheet, rule)
    assert [face.template is not None for face in alone] == [i == 2 for i in range(len(alone))]
    assert alone[2].label == "one"
    assert alone[2].template is not None
    assert wanted.template is not None
    assert alone[2].template.to_bytes() == wanted.template.to_bytes()


def test_no_template_without_permission(extractor: Extractor, portrait: bytes) -> None:
    (face,) = faces(extractor, portrait, NOBODY)
    assert face.template is None
    assert face.norm is None
    assert face.reason is None
    refused = EmbedRule(unlabelled=True, labels=(Label(key="p", box=None, permitted=False),))
    (face,) = faces(extractor, portrait, refused)
    assert (face.label, face.template, face.reason) == ("p", None, None)


def test_embed_takes_only_a_permitted_sample(extractor: Extractor) -> None:
    sample = Sample(chip=np.zeros((112, 112, 3), dtype=np.uint8))
    with pytest.raises(AttributeError):
        extractor._recogniser.embed(sample)  # type: ignore[arg-type]
    made = extractor._recogniser.embed(PermittedSample(sample=sample, by=None))
    assert abs(float(np.linalg.norm(made.vector)) - 1) < 1e-5


def test_same_person_scores_above_another(extractor: Extractor, people: Path) -> None:
    mated, others = [], []
    selfies = [
        template(extractor, (people / f"P{n:03}" / "assets" / "amateur_selfie.jpg").read_bytes())
        for n in range(1, 5)
    ]
    portraits = [
        template(extractor, (people / f"P{n:03}" / "assets" / "studio_portrait.jpg").read_bytes())
        for n in range(1, 5)
    ]
    for i, probe in enumerate(selfies):
        for j, reference in enumerate(portraits):
            (mated if i == j else others).append(cosine(probe, reference))
    assert min(mated) > max(others)
    assert min(mated) > extractor.pack.candidate_floor


@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_changes_neither_place_nor_template(
    extractor: Extractor, portrait: bytes, orientation: int
) -> None:
    with Image.open(io.BytesIO(portrait)) as opened:
        upright = opened.convert("RGB").resize((640, 640))
    (plain,) = faces(extractor, encode(upright, "PNG"))
    (turned,) = faces(extractor, encode(stored_for(upright, orientation), "PNG", exif=exif(orientation)))
    assert turned.box == plain.box
    assert turned.landmarks == plain.landmarks
    assert plain.template is not None
    assert turned.template is not None
    assert cosine(plain.template, turned.template) > 0.9999


@pytest.mark.parametrize("degrees", [-35, 35])
def test_tilted_face_keeps_its_template(extractor: Extractor, people: Path, degrees: int) -> None:
    kept = []
    for number in range(1, 4):
        data = (people / f"P{number:03}" / "assets" / "studio_portrait.jpg").read_bytes()
        with Image.open(io.BytesIO(data)) as opened:
            upright = opened.convert("RGB").resize((900, 900))
        tilted = upright.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128))
        found = faces(extractor, encode(tilted, "PNG"))
        assert found[0].template is not None
        kept.append(cosine(found[0].template, template(extractor, encode(upright, "PNG"))))
    assert np.median(kept) > 0.9, kept


def test_face_that_fills_the_frame(extractor: Extractor, people: Path) -> None:
    for number in range(1, 11):
        data = (people / f"P{number:03}" / "assets" / "studio_portrait.jpg").read_bytes()
        (face,) = faces(extractor, data)
        with Image.open(io.BytesIO(data)) as opened:
            box = face.box
            frame = (round(box.x), round(box.y), round(box.x + box.width), round(box.y + box.height))
            tight = opened.convert("RGB").crop(frame).resize((2400, 3000))
        found = faces(extractor, encode(tight, "JPEG", quality=92))
        assert len(found) == 1, number
        assert found[0].box.width > 1500
        assert found[0].template is not None
        assert face.template is not None
        assert cosine(found[0].template, face.template) > 0.8, number


def test_small_faces_in_the_large_view(extractor: Extractor, people: Path) -> None:
    """Faces of 24 px in a picture of 1280 px: at least 9 in 10 are found, each where it was put."""
    found = 0
    for number in range(1, 11):
        data = (people / f"P{number:03}" / "assets" / "studio_portrait.jpg").read_bytes()
        (face,) = faces(extractor, data, NOBODY)
        with Image.open(io.BytesIO(data)) as opened:
            scale = 24 / face.box.width
            small = opened.convert("RGB").resize(
                (round(opened.width * scale), round(opened.height * scale)), Image.Resampling.LANCZOS
            )
        canvas = Image.new("RGB", (1280, 960), (110, 120, 115))
        canvas.paste(small, (700, 400))
        there = faces(extractor, encode(canvas, "PNG"), NOBODY)
        expected = (700 + face.box.centre[0] * scale, 400 + face.box.centre[1] * scale)
        found += any(one.box.contains(expected) and 16 < one.box.width < 36 for one in there)
    assert found >= 9


def test_full_detail_finds_what_standard_cannot(extractor: Extractor, people: Path) -> None:
    data = (people / "P002" / "assets" / "studio_portrait.jpg").read_bytes()
    (face,) = faces(extractor, data, NOBODY)
    with Image.open(io.BytesIO(data)) as opened:
        scale = 30 / face.box.width
        small = opened.convert("RGB").resize(
            (round(opened.width * scale), round(opened.height * scale)), Image.Resampling.LANCZOS
        )
    canvas = Image.new("RGB", (6000, 4000), (110, 120, 115))
    places = [(50, 60), (1240, 900), (2950, 1990), (5900, 3900), (1250, 3000)]
    for place in places:
        canvas.paste(small, place)
    whole = encode(canvas, "PNG")
    assert len(faces(extractor, whole, NOBODY)) == 0
    full = faces(extractor, whole, NOBODY, Detail.FULL)
    assert len(full) == len(places)
    # A large face across several tiles is still one face.
    with Image.open(io.BytesIO(data)) as opened:
        large = opened.convert("RGB").resize((4000, 4000))
    assert len(faces(extractor, encode(large, "JPEG"), NOBODY, Detail.FULL)) == 1


def test_estimate_prices_detail() -> None:
    standard = estimate(6000, 4000, Detail.STANDARD)
    full = estimate(6000, 4000, Detail.FULL)
    assert standard.views == 3
    assert standard.pixels < 1.5 * 1536 * 1024
    assert full.pixels >= 6000 * 4000
    assert full.views == len(plan_views(6000, 4000, Detail.FULL))
    assert estimate(640, 480, Detail.FULL) == estimate(640, 480, Detail.STANDARD)
    assert estimate(1, 1, Detail.STANDARD).views == 1


def test_tiles_cover_the_page() -> None:
    tiles = [view for view in plan_views(5000, 3100, Detail.FULL) if view.tile]
    seen = np.zeros((3100, 5000), dtype=bool)
    for tile in tiles:
        seen[tile.top : tile.bottom, tile.left : tile.right] = True
        assert tile.left >= 0
        assert tile.top >= 0
    assert seen.all()


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (3000, 1), (31, 33), (1281, 7), (5000, 9)])
def test_odd_sizes_are_read(extractor: Extractor, size: tuple[int, int]) -> None:
    result = run(extractor, encode(Image.new("RGB", size, (9, 9, 9)), "PNG"), detail=Detail.FULL)
    assert isinstance(result, PhotographExtraction)
    assert (result.pages[0].width, result.pages[0].height) == size
    assert result.pages[0].faces == ()


def test_low_quality_is_held_when_enrolling_only(extractor: Extractor, portrait: bytes) -> None:
    """A floor above this face, so that the rule is seen and not the threshold."""
    floor = dataclasses.replace(extractor.pack.enrolment_floor, norm=1000.0)
    strict = Extractor(dataclasses.replace(extractor.pack, enrolment_floor=floor))
    enrolling = EmbedRule(unlabelled=True, labels=())
    (held,) = faces(strict, portrait, enrolling)
    assert (held.reason, held.template) == (FaceReason.LOW_QUALITY, None)
    assert held.norm is not None
    (probe,) = faces(strict, portrait, PROBE_RULE)
    assert probe.template is not None


def test_quality_reasons(extractor: Extractor, portrait: bytes) -> None:
    with Image.open(io.BytesIO(portrait)) as opened:
        image = opened.convert("RGB").resize((700, 700))
    dark = Image.fromarray((np.asarray(image) * 0.12).astype(np.uint8))
    found = {reason for face in faces(extractor, encode(dark, "PNG")) for reason in face.quality}
    assert QualityReason.DARK in found
    small = Image.new("RGB", (300, 300), (120, 120, 120))
    small.paste(image.resize((60, 60)), (100, 100))
    found = {reason for face in faces(extractor, encode(small, "PNG")) for reason in face.quality}
    assert QualityReason.SMALL in found
    tilted = image.rotate(45, fillcolor=(120, 120, 120))
    found = {reason for face in faces(extractor, encode(tilted, "PNG")) for reason in face.quality}
    assert QualityReason.TILTED in found
    (clean,) = faces(extractor, encode(image, "PNG"))
    assert not set(clean.quality) & {QualityReason.DARK, QualityReason.SMALL, QualityReason.TILTED}


def test_more_quality_reasons(extractor: Extractor, portrait: bytes) -> None:
    """Each spoiled picture is called weak in the respect in which it was spoiled; the sound one in none."""
    with Image.open(io.BytesIO(portrait)) as opened:
        image = opened.convert("RGB").resize((700, 700))
    pixels = np.asarray(image).astype(np.float32)
    box = faces(extractor, encode(image, "PNG"))[0].box
    middle = round(box.x + box.width * 0.7)
    spoiled = {
        QualityReason.BLURRED: image.filter(ImageFilter.GaussianBlur(12)),
        QualityReason.BRIGHT: Image.fromarray((pixels * 0.35 + 165).clip(0, 255).astype(np.uint8)),
        QualityReason.LOW_CONTRAST: Image.fromarray((pixels * 0.06 + 110).astype(np.uint8)),
        QualityReason.AT_EDGE: image.crop((0, 0, middle, 700)),
    }
    missed = {
        reason: [face.quality for face in faces(extractor, encode(picture, "PNG"))]
        for reason, picture in spoiled.items()
        if reason not in {one for face in faces(extractor, encode(picture, "PNG")) for one in face.quality}
    }
    assert missed == {}


GOOD = Quality(
    eye_distance=100,
    sharpness=500,
    brightness=120,
    contrast=50,
    yaw=0.0,
    roll=0.0,
    outside=0.0,
    detector_score=0.95,
)
WEAK: dict[QualityReason, dict[str, float]] = {
    QualityReason.SMALL: {"eye_distance": 1},
    QualityReason.BLURRED: {"sharpness": 0},
    QualityReason.DARK: {"brightness": 1},
    QualityReason.BRIGHT: {"brightness": 254},
    QualityReason.LOW_CONTRAST: {"contrast": 0},
    QualityReason.TURNED: {"yaw": 1.0},
    QualityReason.TILTED: {"roll": 90},
    QualityReason.AT_EDGE: {"outside": 0.5},
    QualityReason.UNCERTAIN_DETECTION: {"detector_score": 0.61},
}


def test_every_quality_reason_has_its_measure(extractor: Extractor) -> None:
    advice = extractor.pack.advice
    assert reasons(GOOD, advice, norm=20.0) == ()
    assert reasons(GOOD, advice, norm=None) == ()
    named = {
        reason: reasons(dataclasses.replace(GOOD, **spoiled), advice, norm=20.0)
        for reason, spoiled in WEAK.items()
    }
    assert named == {reason: (reason,) for reason in WEAK}
    assert reasons(GOOD, advice, norm=1.0) == (QualityReason.WEAK_TEMPLATE,)
    assert {*WEAK, QualityReason.WEAK_TEMPLATE} == set(QualityReason)


def test_unplaced_labels_are_told(extractor: Extractor, portrait: bytes) -> None:
    nowhere = Label(key="n", box=Box(x=1, y=1, width=20, height=20), permitted=True)
    beyond = Label(key="b", box=Box(x=1, y=1, width=20, height=20), permitted=True, page=7)
    result = run(extractor, portrait, EmbedRule(unlabelled=False, labels=(nowhere, beyond)))
    assert isinstance(result, PhotographExtraction)
    assert result.pages[0].unplaced == (("n", FaceReason.NO_SUCH_FACE), ("b", FaceReason.NO_SUCH_FACE))
    assert result.pages[0].faces[0].template is None


def test_unreadable_is_an_answer(extractor: Extractor) -> None:
    assert run(extractor, b"") == Unreadable(reason=UnreadableReason.EMPTY)
    assert run(extractor, b"hello") == Unreadable(reason=UnreadableReason.NOT_A_PICTURE)


def test_multi_page_label_without_box_needs_the_only_face(extractor: Extractor, portrait: bytes) -> None:
    with Image.open(io.BytesIO(portrait)) as opened:
        image = opened.convert("RGB").resize((400, 400))
    rule = EmbedRule(unlabelled=False, labels=(Label(key="p", box=None, permitted=True),))
    blank = Image.new("RGB", (200, 200))
    result = run(extractor, encode(blank, "TIFF", save_all=True, append_images=[image]), rule)
    assert isinstance(result, PhotographExtraction)
    assert [len(page.faces) for page in result.pages] == [0, 1]
    assert result.pages[1].faces[0].template is not None
    result = run(extractor, encode(image, "TIFF", save_all=True, append_images=[image]), rule)
    assert isinstance(result, PhotographExtraction)
    assert {page.faces[0].reason for page in result.pages} == {FaceReason.WHICH_FACE}
    assert [page.unplaced for page in result.pages] == [(("p", FaceReason.WHICH_FACE),), ()]


def test_similarity_maps_the_template_onto_the_landmarks() -> None:
    def place(u: float, v: float) -> tuple[float, float]:
        return 3.0 * u - 0.5 * v + 200.0, 0.5 * u + 3.0 * v + 90.0

    points = [place(u, v) for u, v in TEMPLATE]
    marks = Landmarks(
        right_eye=points[0], left_eye=points[1], nose=points[2], right_mouth=points[3], left_mouth=points[4]
    )
    assert similarity(marks) == pytest.approx((3.0, 0.5, 200.0, 90.0))


def test_alignment_of_an_aligned_face_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (112, 112, 3), dtype=np.uint8)
    page = next(iter(decode(encode(Image.fromarray(pixels), "PNG"), LIMITS)[1])).page
    assert isinstance(page, Page)
    marks = Landmarks(
        right_eye=TEMPLATE[0],
        left_eye=TEMPLATE[1],
        nose=TEMPLATE[2],
        right_mouth=TEMPLATE[3],
        left_mouth=TEMPLATE[4],
    )
    inner = np.s_[1:-1, 1:-1]
    assert np.abs(align(page, marks)[inner].astype(int) - pixels[inner]).max() <= 1


def test_suppression_is_independent_of_the_order() -> None:
    rng = np.random.default_rng(3)
    rows = rng.uniform(0, 100, (40, 15)).astype(np.float32)
    rows[:, 2:4] = 40
    rows[:, 14] = rng.choice([0.7, 0.8, 0.9], 40)
    kept = suppress(rows)
    assert np.array_equal(kept, suppress(rows[rng.permutation(40)]))
    assert 0 < len(kept) < 40
