"""`countenance bench`: how fast this machine is, on generated templates that are gone afterwards."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.language import say
from countenance.cli.parts import Family, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

bench = Family(
    "bench",
    summary=TABLE["bench"][1],
    text=N_("Measures on generated templates, in a folder of its own; no workspace is opened or changed."),
)


@bench.command(
    "index",
    summary=N_("Time, mates found and memory of the index."),
    text=N_(
        "Draws templates, writes them into encrypted segments, and searches them on one core beside a bare scan of the "
        "same codes and brute force. A million of 128 values take one to two minutes and 180 MB of disk."
    ),
    examples=(
        "countenance bench index",
        "countenance bench index --templates 10000000 --dim 512 --in /data --json",
    ),
)
@option(
    "--templates",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help=N_("How many templates."),
)
@option(
    "--dim",
    metavar="NUMBER",
    type=click.IntRange(min=8),
    default=128,
    show_default=True,
    help=N_("Values in a template, a multiple of 8."),
)
@option(
    "--seed", metavar="NUMBER", type=int, default=1, show_default=True, help=N_("Of the templates drawn.")
)
@option(
    "--in",
    "where",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("A folder with room. Else the system's temporary one."),
)
@pass_door
def index(door: Door, templates: int, dim: int, seed: int, where: Path | None) -> None:
    """Measure the index."""
    # Before numpy is loaded: other threads would compete with the one that is measured.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from countenance.bench.index import measure_index

    def progress(written: int) -> None:
        door.screen.line(
            say(N_("{written} of {count} templates written"), written=written, count=templates), err=True
        )

    figures = measure_index(templates, dim, seed=seed, where=where, progress=progress)
    if door.screen.json:
        door.screen.document(asdict(figures))
        return
    door.screen.facts(
        [
            (N_("Search, median / 99th of 100"), f"{figures.p50_ms} / {figures.p99_ms} ms"),
            (N_("Bare scan, median"), f"{figures.bare_scan_p50_ms} ms"),
            (N_("Share of memory bandwidth"), figures.bandwidth_share),
            *(
                (band, f"{found.ours} % ({found.brute_force} %)")
                for band, found in figures.mates_found.items()
            ),
            (N_("Memory of a template"), f"{figures.resident_bytes_per_template} B"),
            (N_("Coding and writing"), f"{figures.build_s} s"),
            (N_("Opening, all tags checked"), f"{figures.cold_start_s} s"),
        ],
        indent=0,
    )
    door.screen.text(
        N_("By true score of the pair: share of mates among the first 50, and what brute force finds.")
    )


@bench.command(
    "gallery",
    summary=N_("Rates to be expected in a gallery of some size."),
    text=N_(
        "Draws people as the default pack sees them, enrols one photograph of each, and searches for 2,000 of them and for 2,000 "
        "strangers. What is drawn is easier than real people: tails are lighter, nobody is related. Take the rates as the best "
        "that can come of such a size."
    ),
    examples=(
        "countenance bench gallery --people 100000",
        "countenance bench gallery --people 1000000 --json",
    ),
)
@option(
    "--people",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help=N_("People in the gallery."),
)
@option(
    "--seed", metavar="NUMBER", type=int, default=1, show_default=True, help=N_("Of the templates drawn.")
)
@pass_door
def gallery(door: Door, people: int, seed: int) -> None:
    """Rehearse a gallery."""
    from countenance.bench.generator import TemplateGenerator
    from countenance.cli.evaluation.words import rate_words, share_words
    from countenance.cli.screen import Column
    from countenance.cli.sheet.words import decimal, whole_number
    from countenance.evaluation.document import identification_document
    from countenance.evaluation.rehearsal import rehearse

    def progress(done: int, total: int) -> None:
        door.screen.line(
            say(N_("{done} of {total} people searched"), done=whole_number(done), total=whole_number(total)),
            err=True,
        )

    found = rehearse(people, TemplateGenerator(seed), seed=seed, progress=progress)
    if door.screen.json:
        door.screen.document({"generated": True, "seed": seed, **identification_document(found)})
        return
    door.screen.table(
        [
            Column(title="R", right=True),
            Column(title="FPIR", right=True),
            Column(title=N_("Threshold"), right=True),
            Column(title="FNIR"),
        ],
        [
            *((each.rank, "-", "-", rate_words(each.fnir)) for each in found.investigation),
            *(
                (each.rank, share_words(each.target), decimal(each.threshold, 4), rate_words(each.fnir))
                for each in found.points
            ),
        ],
        empty="",
    )
    door.screen.line()
    door.screen.text(
        N_(
            "Of generated templates: their tails are light and nobody is related, so real people give higher rates."
        )
    )
