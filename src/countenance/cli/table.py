"""Every command: where it lives, what it does in one line, and where the overview lists it."""

from __future__ import annotations

from importlib.metadata import version

import click

from countenance.cli.door import Door
from countenance.cli.parts import LazyGroup, Option
from countenance.primitives.text import N_

PROGRAM = "countenance"
COMPLETE_VARIABLE = "_COUNTENANCE_COMPLETE"
_HERE = "countenance.cli.commands"

TABLE = {
    "demo": ("countenance.cli.demo.command:demo", N_("Two minutes with synthetic people, start to end.")),
    "init": (f"{_HERE}.init:init", N_("Make a workspace with its first two accounts.")),
    "doctor": (f"{_HERE}.doctor:doctor", N_("Check that everything is in order; say what to do.")),
    "status": (f"{_HERE}.status:status", N_("What the workspace holds and what is under way.")),
    "client": (f"{_HERE}.clients:client", N_("Organisations with a licence to search.")),
    "account": (f"{_HERE}.accounts:account", N_("One person's access each, with a key of its own.")),
    "gallery": (f"{_HERE}.collection:gallery", N_("References that are searched together.")),
    "source": (f"{_HERE}.collection:source", N_("Collections of photographs and their basis.")),
    "person": (f"{_HERE}.persons:person", N_("People in the photographs and their consent.")),
    "request": (f"{_HERE}.requests:request", N_("What people in the photographs ask for.")),
    "assessment": (f"{_HERE}.assessments:assessment", N_("What was assessed, bound to what runs.")),
    "plan": (f"{_HERE}.ingest:plan", N_("What an ingest will take: time, disk, memory.")),
    "ingest": (f"{_HERE}.ingest:ingest", N_("Take in a source's photographs; resumes.")),
    "case": (f"{_HERE}.cases:case", N_("The errand under which one may search.")),
    "search": (f"{_HERE}.search:search", N_("Search a gallery in a case; yields leads.")),
    "review": (f"{_HERE}.review:review", N_("Examine candidates: blind, apart, sealed.")),
    "report": (f"{_HERE}.report:report", N_("What came of a case: leads, not identifications.")),
    "sample": (f"{_HERE}.sample:sample", N_("Searches drawn at random for a supervisor.")),
    "misuse": (f"{_HERE}.misuse:misuse", N_("What the rules against misuse have seen.")),
    "yearly": (f"{_HERE}.yearly:yearly", N_("Annual and transparency report from the log.")),
    "serve": (f"{_HERE}.serve:serve", N_("Run the web application and its searcher.")),
    "invite": (f"{_HERE}.serve:invite", N_("A one-time link to log in to the web application.")),
    "searcher": (f"{_HERE}.searcher:searcher", N_("Run the process that owns keys and index.")),
    "cluster": (f"{_HERE}.cluster:cluster", N_("Many machines that hold one index.")),
    "evaluate": (f"{_HERE}.evaluate:evaluate", N_("Measure what a comparison score means.")),
    "evaluation": (f"{_HERE}.measuring:evaluation", N_("Evaluations that a gallery stands by.")),
    "operating-point": (
        f"{_HERE}.measuring:operating_point",
        N_("Thresholds, signed by two; public changes."),
    ),
    "approve": (f"{_HERE}.approve:approve", N_("Sign as the second person.")),
    "erase": (f"{_HERE}.erase:erase", N_("Erase: a person, photograph, source, client, place.")),
    "suppression": (f"{_HERE}.suppression:suppression", N_("Kept out by choice: a list that finds nobody.")),
    "retention": (f"{_HERE}.keeping:retention", N_("How long each kind of data is kept, and whose charge.")),
    "hold": (f"{_HERE}.keeping:hold", N_("Data kept back from destruction: dated, visible.")),
    "purge": (f"{_HERE}.keeping:purge", N_("Destroy what is past its limit.")),
    "breach": (f"{_HERE}.breach:breach", N_("Whose records lay in files that leaked.")),
    "token": (f"{_HERE}.tokens:token", N_("What a program shows that signs as you.")),
    "webhook": (f"{_HERE}.tokens:webhook", N_("Addresses that are told of new log entries.")),
    "provider": (f"{_HERE}.providers:provider", N_("Who else may say at the door who somebody is.")),
    "log": (f"{_HERE}.log:log", N_("Checkpoint, prove, verify, export the log.")),
    "policy": (f"{_HERE}.policy:policy", N_("Rules in force, and what they would decide.")),
    "models": (f"{_HERE}.models:models", N_("Model packs: origin, licence, self-test.")),
    "lock": (f"{_HERE}.oversight:lock", N_("Close an effect or a place, at once.")),
    "authority": (f"{_HERE}.oversight:authority", N_("Privacy commissioners and their accounts.")),
    "inquiry": (f"{_HERE}.inquiries:inquiry", N_("What authorities look into, and how.")),
    "order": (f"{_HERE}.oversight:order", N_("What an authority orders; in force at once.")),
    "backup": (f"{_HERE}.backup:backup", N_("Copy records, pictures and keys.")),
    "restore": (f"{_HERE}.backup:restore", N_("Bring a backup back, ended permissions kept ended.")),
    "bench": (f"{_HERE}.bench:bench", N_("Measure this machine on generated templates.")),
    "completion": (f"{_HERE}.completion:completion", N_("Completion for bash, zsh or fish.")),
}

SECTIONS = (
    (N_("Begin"), ("demo", "init", "serve", "invite", "doctor", "status")),
    (
        N_("Who may, and on what basis"),
        ("client", "account", "gallery", "source", "person", "request", "assessment", "approve"),
    ),
    (N_("Photographs"), ("plan", "ingest")),
    (N_("Search"), ("case", "search", "review", "report", "searcher", "cluster")),
    (N_("What scores mean"), ("evaluate", "evaluation", "operating-point")),
    (N_("Oversight"), ("lock", "authority", "inquiry", "order", "sample", "misuse", "yearly", "breach")),
    (N_("What ends"), ("erase", "suppression", "retention", "hold", "purge")),
    (
        N_("Look after it"),
        (
            "log",
            "policy",
            "models",
            "backup",
            "restore",
            "token",
            "webhook",
            "provider",
            "bench",
            "completion",
        ),
    ),
)


def program() -> LazyGroup:
    """The whole command line; nothing of a command is imported yet."""
    group = LazyGroup(
        PROGRAM,
        table=TABLE,
        sections=SECTIONS,
        summary=N_("A face search that can only be used with permission."),
        text=N_(
            "Photographs come from registered sources with a recorded basis; a search is made in a case, for a "
            "purpose; every act is signed and logged. Start with: countenance demo"
        ),
        callback=_overview,
    )
    group.params.insert(
        0,
        Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_version,
            help=N_("Show the version and exit."),
        ),
    )
    return group


def _version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked:
        door = ctx.find_object(Door)
        number = version(PROGRAM)
        if door is not None and door.screen.json:
            door.screen.document({"program": PROGRAM, "version": number})
        else:
            click.echo(f"{PROGRAM} {number}")
        ctx.exit()


@click.pass_context
def _overview(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        from countenance.cli.overview import show_overview

        door = ctx.find_object(Door)
        assert door is not None
        show_overview(door)
