"""A folder laid out exactly as Labeled Faces in the Wild is: names, 250 x 250 JPEGs, ten sets in pairs.txt, and its sizes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from evaluation_parts import NAMES
from house import PEOPLE
from PIL import Image, ImageEnhance

from countenance.cli.main import main

SETS, EACH = 10, 4


def face(person: int, number: int) -> Image.Image:
    """250 x 250 with the face in the middle, as LFW's are; beyond the ten people there are, toned and turned ones."""
    name = NAMES[number % 2]
    with Image.open(PEOPLE / f"P{person % 10 + 1:03d}" / "assets" / f"{name}.jpg") as picture:
        picture.draft("RGB", (600, 600))
        made = picture.convert("RGB")
    side = min(made.size)
    left = (made.width - side) // 2
    made = made.crop((left, 0, left + side, side)).resize((250, 250), Image.Resampling.BILINEAR)
    if person >= 10:
        made = ImageEnhance.Color(made.rotate(person % 9 - 4)).enhance(0.4 + person % 13 / 10)
    return made


def lay_out(folder: Path, persons: int, several: int) -> list[str]:
    """`Given_Family/Given_Family_0001.jpg`; the first `several` have two photographs."""
    names = []
    for person in range(persons):
        name = f"Given_{person:04d}_Family"
        names.append(name)
        (folder / name).mkdir(parents=True)
        for number in range(2 if person < several else 1):
            held = io.BytesIO()
            face(person, number).save(held, "JPEG", quality=90)
            (folder / name / f"{name}_{number + 1:04d}.jpg").write_bytes(held.getvalue())
    return names


def write_pairs(path: Path, names: list[str], several: int) -> Path:
    """Tabs, a head `sets <tab> pairs`, then each set's mated pairs and its non-mated ones."""
    lines = [f"{SETS}\t{EACH}"]
    for number in range(SETS):
        places = [(number * EACH + place) % several for place in range(EACH)]
        lines += [f"{names[place]}\t1\t2" for place in places]
        lines += [f"{names[place]}\t1\t{names[(place + 3) % several]}\t2" for place in places]
    path.write_text("\n".join(lines) + "\n")
    return path


def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], persons: int, enrol: int, splits: int) -> None:
    names = lay_out(tmp_path / "lfw", persons, 10)
    pairs = write_pairs(tmp_path / "pairs.txt", names, 10)
    words = ["evaluate", tmp_path / "lfw", "--pairs", pairs, "--definition", "all", "--enrol", enrol]
    assert main([*(str(word) for word in words), "--splits", str(splits), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"]["persons"] == persons
    assert told["data"]["photographs"] == persons + 10
    assert [one["definition"] for one in told["results"]] == ["centred-mirrored", "centred", "single"]
    for one in told["results"]:
        assert len(one["pairs"]["folds"]) == SETS
        assert one["pairs"]["accuracy"]["n"] == SETS * 2 * EACH
        assert one["open_set"]["N"]["value"] == enrol
        assert one["investigation"][0]["N"]["value"] == enrol


def test_the_layout_is_read_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path, capsys, persons=14, enrol=9, splits=2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_with_as_many_enrolled_as_the_field_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path, capsys, persons=3900, enrol=3818, splits=2)
