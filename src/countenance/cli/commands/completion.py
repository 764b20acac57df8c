"""`countenance completion`: the script that a shell reads."""

from __future__ import annotations

import click

from countenance.cli.acts import pass_door
from countenance.cli.door import Door
from countenance.cli.parts import Command, argument
from countenance.cli.table import COMPLETE_VARIABLE, PROGRAM, TABLE
from countenance.primitives.text import N_

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Command,
    summary=TABLE["completion"][1],
    text=N_("Prints a script; your shell reads it when it starts."),
    examples=(
        "bash:  countenance completion bash > ~/.countenance-complete.bash",
        "       echo '. ~/.countenance-complete.bash' >> ~/.bashrc",
        "zsh:   countenance completion zsh > ~/.countenance-complete.zsh",
        "       echo '. ~/.countenance-complete.zsh' >> ~/.zshrc",
        "fish:  countenance completion fish \\",
        "           > ~/.config/fish/completions/countenance.fish",
    ),
)
@argument("shell", metavar="bash|zsh|fish", type=click.Choice(_SHELLS), help=N_("Your shell."))
@pass_door
def completion(door: Door, shell: str) -> None:
    """Print the script."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind.source_template % {
        "complete_func": "_countenance_completion",
        "complete_var": COMPLETE_VARIABLE,
        "prog_name": PROGRAM,
    }
    if door.screen.json:
        door.screen.document({"shell": shell, "script": script})
    else:
        click.echo(script)
