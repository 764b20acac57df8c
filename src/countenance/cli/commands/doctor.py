"""`countenance doctor`: one line for each check, and what to do about it."""

from __future__ import annotations

import click

from countenance.cli.acts import pass_door
from countenance.cli.checks import examine
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import _, tell
from countenance.cli.parts import Command, option
from countenance.cli.table import TABLE
from countenance.primitives.text import N_

_MARK_WIDTH = 10
_TITLE_WIDTH = 18


@click.command(
    "doctor",
    cls=Command,
    summary=TABLE["doctor"][1],
    text=N_(
        "Looks at Python, SQLite, the workspace and its permissions, the disk, database, keys, clock, policy pack, "
        "log and models, and finishes erasures that a crash interrupted. Exit code 1 if there is a problem."
    ),
    examples=("countenance doctor", "countenance doctor --upgrade"),
)
@option(
    "--upgrade",
    is_flag=True,
    help=N_("Bring the database of an older release up to this one (back up first)."),
)
@pass_door
def doctor(door: Door, upgrade: bool) -> int:
    """Examine."""
    findings = []
    for finding in examine(door, upgrade=upgrade):
        findings.append(finding)
        mark = _(N_("OK")) if finding.problem is None else _(N_("PROBLEM"))
        label = f"{mark:<{_MARK_WIDTH}}{_(finding.title):<{_TITLE_WIDTH}}"
        lines = door.screen.wrapped(finding.seen, len(label))
        door.screen.line(label + lines[0], bold=finding.problem is not None)
        for line in lines[1:]:
            door.screen.line(" " * len(label) + line)
        if finding.problem is not None and finding.problem.remedy is not None:
            door.screen.paragraph(tell(finding.problem.remedy), indent=len(label))
    problems = [finding for finding in findings if finding.problem is not None]
    if door.screen.json:
        door.screen.document(
            {
                "ok": not problems,
                "checks": [
                    {
                        "check": finding.check,
                        "ok": finding.problem is None,
                        "seen": finding.seen,
                        "code": finding.problem.code if finding.problem else None,
                        "remedy": tell(finding.problem.remedy)
                        if finding.problem and finding.problem.remedy
                        else None,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        door.screen.line()
        if problems:
            door.screen.text(
                N_("{count} of {all} checks found a problem."), count=len(problems), all=len(findings)
            )
        else:
            door.screen.text(N_("All is in order."))
    return Exit.FAILED if problems else Exit.DONE
