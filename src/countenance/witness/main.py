"""The program `countenance-witness`: init, add-log, serve, cosign, list, key. English and French."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from countenance.cli.language import _, choose_language, say, speak, tell
from countenance.primitives.clock import iso
from countenance.primitives.errors import CountenanceError, UsageError
from countenance.primitives.text import N_
from countenance.witness.request import parse_request
from countenance.witness.server import WitnessServer
from countenance.witness.witness import Cosigned, Refusal, Witness

LANGUAGE = N_("language of the answers")
WHY = {
    Refusal.UNKNOWN_LOG: N_("this witness does not know that log; tell it the log's key first"),
    Refusal.NOT_SIGNED: N_("the checkpoint is not signed by the key of that log"),
    Refusal.BAD_REQUEST: N_("the request is not well formed"),
    Refusal.OTHER_SIZE: N_("the request does not start from the tree that was cosigned last"),
    Refusal.FORKED: N_("another tree of the same size was cosigned: the log was forked"),
    Refusal.INCONSISTENT: N_(
        "the tree that was cosigned last is no beginning of this one: the log was rewritten"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line. Exit codes: 0 done, 1 not cosigned, 2 usage, 4 not found, 5 not available."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    speak(choose_language(words, os.environ))
    options = _parser().parse_args(words)
    try:
        return int(options.run(options))
    except CountenanceError as error:
        click.echo(tell(error.message), err=True)
        if error.remedy is not None:
            click.echo(tell(error.remedy), err=True)
        return 2 if isinstance(error, UsageError) else 4 if error.code == "witness-missing" else 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="countenance-witness",
        description=_(
            N_(
                "A witness of transparency logs. It cosigns a log's checkpoint only after a proof that the log still "
                "contains all it contained before. Run it on a machine that the log's operator does not control."
            )
        ),
    )
    parser.add_argument("--lang", choices=("en", "fr"), help=_(LANGUAGE))
    commands = parser.add_subparsers(required=True, metavar=_(N_("COMMAND")))

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=_(text), description=_(text))
        made.add_argument("--lang", choices=("en", "fr"), default=argparse.SUPPRESS, help=_(LANGUAGE))
        made.add_argument("folder", type=Path, help=_(N_("the witness's folder")))
        made.set_defaults(run=run)
        return made

    init = command("init", _init, N_("make a witness with a key of its own"))
    init.add_argument("name", help=_(N_("its name, such as commissioner.example.org/w1")))
    add = command("add-log", _add_log, N_("know a log by its verifier key"))
    add.add_argument("vkey", help=_(N_("the key, from where the operator publishes it")))
    serve = command("serve", _serve, N_("answer requests over HTTP until interrupted"))
    serve.add_argument("--listen", default="127.0.0.1:8411", help=_(N_("address and port")))
    file = command("cosign", _cosign, N_("cosign a request that came as a file, without any network"))
    file.add_argument("request", type=Path, help=_(N_("the request; - for standard input")))
    command("list", _list, N_("what was cosigned, and what was refused although the log had signed it"))
    command("key", _key, N_("print the witness's verifier key, to be published"))
    return parser


def _init(options: argparse.Namespace) -> int:
    click.echo(Witness.create(options.folder, options.name).key.vkey)
    return 0


def _add_log(options: argparse.Namespace) -> int:
    click.echo(
        say(
            N_("This witness now knows the log {origin}."),
            origin=Witness(options.folder).add_log(options.vkey),
        )
    )
    return 0


def _key(options: argparse.Namespace) -> int:
    click.echo(Witness(options.folder).key.vkey)
    return 0


def _list(options: argparse.Namespace) -> int:
    witness = Witness(options.folder)
    for log in witness.logs():
        at = None if log.cosigned_at is None else iso(log.cosigned_at)
        click.echo(json.dumps({"origin": log.origin, "size": log.size, "cosigned_at": at}))
        for moment, why, checkpoint in witness.evidence(log.origin):
            click.echo(json.dumps({"refused_at": iso(moment), "why": why.value, "checkpoint": checkpoint}))
    return 0


def _cosign(options: argparse.Namespace) -> int:
    try:
        body = sys.stdin.buffer.read() if str(options.request) == "-" else options.request.read_bytes()
    except OSError as error:
        raise UsageError(
            N_("{path} cannot be read: {problem}."),
            code="witness-request",
            path=str(options.request),
            problem=error.strerror,
        ) from error
    answer = Witness(options.folder).add_checkpoint(parse_request(body))
    if isinstance(answer, Cosigned):
        click.echo(answer.line, nl=False)
        return 0
    click.echo(say(N_("Not cosigned: {why}."), why=_(WHY[answer.why])), err=True)
    if answer.why is Refusal.OTHER_SIZE:
        click.echo(say(N_("This witness cosigned {size} entries last."), size=answer.size), err=True)
    return 1


def _serve(options: argparse.Namespace) -> int:
    host, colon, port = options.listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise UsageError(
            N_("{address} is not an address and a port."), code="witness-listen", address=options.listen
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    witness = Witness(options.folder)
    with WitnessServer((host.strip("[]"), int(port)), witness) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
        bound = f"http://{host}:{server.server_address[1]}"
        click.echo(say(N_("The witness {name} listens at {url}."), name=witness.key.name, url=bound))
        server.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
