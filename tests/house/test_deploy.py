"""What deploy/ says holds: files that are named exist, commands parse as the program's own, and nothing is left open."""

from __future__ import annotations

import configparser
import ipaddress
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from countenance.cli.door import Door
from countenance.cli.screen import Screen
from countenance.cli.table import program

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = [DEPLOY / "compose.yaml", DEPLOY / "compose.cluster.yaml"]
UNITS = sorted(DEPLOY.glob("*.service"))


def parse(words: list[str]) -> str:
    """The command that `words` (without the program's name) call. Raises click's errors for what it does not know."""
    root = program()
    context = root.make_context("countenance", list(words), obj=Door(screen=Screen(json=False)))
    name, command, rest = root.resolve_command(context, [*context._protected_args, *context.args])
    assert command is not None
    while isinstance(command, click.Group):
        inner = command.make_context(name, rest, parent=context)
        name, command, rest = command.resolve_command(inner, [*inner._protected_args, *inner.args])
        assert command is not None
    command.make_context(name, rest, parent=context)
    return str(name)


def services() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for path in COMPOSE:
        for name, service in yaml.safe_load(path.read_text("utf-8"))["services"].items():
            found.append((path.name, name, service))
    return found


def commands_of(service: dict[str, Any]) -> list[list[str]]:
    """Command lines of the program in a service, as words."""
    words = service.get("command", [])
    if service.get("entrypoint") == ["sh", "-c"]:
        parts = [shlex.split(part.removeprefix("exec ")) for part in re.split(r"\s*&&\s*", words[0].strip())]
        return [part[1:] for part in parts if part[0] == "countenance"]
    return [[re.sub(r"\$\{(\w+):\?[^}]*\}", "https://faces.example.org", word) for word in words]]


def test_every_command_in_a_container_is_one_of_ours() -> None:
    seen = [
        parse(words)
        for _path, _name, service in services()
        if service.get("image", "").startswith("countenance") or "entrypoint" in service
        for words in commands_of(service)
    ]
    assert sorted(seen) == ["searcher", "searcher", "serve", "up", "up"]
    with pytest.raises(click.UsageError):
        parse(["serve", "--no-such-option"])


def test_containers_are_closed() -> None:
    first = yaml.safe_load(COMPOSE[0].read_text("utf-8"))
    assert first["networks"]["inside"]["internal"] is True
    for path, name, service in services():
        if path == "compose.cluster.yaml" and name == "searcher":
            continue  # adds to what the first file says of it
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        if service["image"].startswith("countenance"):
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
        else:
            assert re.search(r":\d[\w.-]*$", service["image"]), service["image"]
        assert service["networks"] in (["inside"], ["inside", "outside"]) or set(service["networks"]) == {
            "inside"
        }
        assert ("outside" in service["networks"]) == (name == "web")


def test_what_compose_names_is_declared() -> None:
    first = yaml.safe_load(COMPOSE[0].read_text("utf-8"))
    for _path, name, service in services():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in first["volumes"], name
        for secret in service.get("secrets", []):
            assert secret in first["secrets"], name
        for other in service.get("depends_on", []):
            assert other in first["services"], name
    readme = (DEPLOY / "README.md").read_text("utf-8")
    for secret in first["secrets"].values():
        assert Path(secret["file"]).name in readme
    for variable in re.findall(r"\$\{(\w+)", "".join(path.read_text("utf-8") for path in COMPOSE)):
        assert f"`{variable}`" in readme


def test_the_container_file_copies_what_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = list(re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE))
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    for words in copied:
        for name in words.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert name not in ignored
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"--extra (\S+)", text)) <= set(extras)
    assert re.search(r"^USER countenance$", text, re.MULTILINE)
    assert all(
        re.search(r":\d[\w.-]*( AS \w+)?$", line) for line in text.splitlines() if line.startswith("FROM ")
    )
    assert parse(["serve"]) == "serve"


def read_unit(path: Path) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text("utf-8"))
    return unit


def permitted(unit: configparser.RawConfigParser) -> set[str]:
    """Who may exchange packets with a unit (systemd.resource-control(5)); everybody where nothing is denied."""
    service = unit["Service"]
    if service.get("IPAddressDeny") != "any":
        return {"any"}
    allowed = set(service["IPAddressAllow"].split())
    for one in allowed - {"localhost"}:
        ipaddress.ip_network(one)
    return allowed


def test_nobody_but_the_cluster_reaches_ray() -> None:
    node = read_unit(DEPLOY / "countenance-node.service")
    searcher = read_unit(DEPLOY / "countenance-searcher.service.d" / "cluster.conf")
    first, started = (
        shlex.split(each["Service"]["ExecStart"])[1:] for each in (node, searcher)
    )  # of an ExecStart that is emptied and given, the last one is read
    assert (parse(first), parse(started)) == ("up", "searcher")
    machines = {first[first.index("--interface") + 1], started[started.index("--ray") + 1].partition(":")[0]}
    for unit in (node, searcher):
        assert machines <= permitted(unit)
        assert not {"any", "0.0.0.0/0", "::/0"} & permitted(unit)
    # The two meet in /tmp, and the searcher finds the folder where the node has it.
    assert searcher["Unit"]["JoinsNamespaceOf"] == "countenance-node.service"
    assert started[started.index("--cluster") + 1] == first[first.index("--cluster") + 1]
    assert permitted(read_unit(DEPLOY / "countenance-web.service")) == {"any"}
    # In containers: an internal network, out of which nothing of Ray's is published.
    for path, name, service in services():
        if path == "compose.cluster.yaml":
            assert set(service["networks"]) == {"inside"}, name
            assert "ports" not in service, name
            assert service.get("network_mode") is None, name


def test_the_guide_shows_what_the_units_say() -> None:
    lines = (DEPLOY / "countenance-node.service").read_text("utf-8").splitlines()
    for page in ("cluster.md", "fr/grappe.md"):
        text = (ROOT / "docs" / "how-to" / page).read_text("utf-8")
        (shown,) = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
        assert set(shown.splitlines()) <= set(lines)
        assert "deploy/compose.cluster.yaml" in text


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_one_of_our_commands_and_little_else(path: Path) -> None:
    service = dict(read_unit(path)["Service"])
    words = shlex.split(service["ExecStart"])
    assert Path(words[0]) == Path("/opt/countenance/bin/countenance")
    assert parse(words[1:]) in {"searcher", "serve", "up"}
    assert service["User"] == "countenance"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["LimitCORE"] == "0"
    assert service["CapabilityBoundingSet"] == ""
