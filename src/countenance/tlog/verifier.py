"""Checks an exported transparency log, or one proof from it, without any other part of the software that
wrote it.

    python verifier.py EXPORT_DIR --key VKEY [--old-checkpoint FILE] [--witness VKEY] [--lang en|fr] [--json]
    python verifier.py proof FILE --key VKEY [--entry FILE] [--lang en|fr] [--json]
    python verifier.py statement FILE --key VKEY [--lang en|fr] [--json]

A statement is a receipt or certificate that somebody was handed, with the proof that the log commits to it.
Needs Python 3.12 and the package `cryptography`. Take the log's key from where the operator publishes it,
never from the export: whoever can forge an export can put a key beside it. Keep each checkpoint that you
see, and hand it in as --old-checkpoint next time: only that shows a log that was rewritten or rolled back
and then signed anew. A witness keeps them for everybody: name it by --witness, and a checkpoint without its
cosignature (C2SP tlog-cosignature) is not accepted.

The export is laid out as C2SP tlog-tiles; checkpoint, notes and proofs are C2SP tlog-checkpoint, signed-note
and tlog-proof; the tree is that of RFC 6962. Exit codes: 0 verified, 1 not verified, 2 wrong usage, 4
nothing to read.
"""

from __future__ import annotations

import argparse
import base64
import errno
import hmac
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256  # hashes in a full tile, entries in a full bundle
SKEW = 60  # seconds by which an entry may be dated before an earlier one: transactions overlap
FINDINGS_MAX = 100
# RFC 8785 for what a leaf holds: null, one small integer and text.
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
LEAF_KEYS = {"at", "client", "commitment", "event", "jurisdiction", "pack", "purpose", "v"}

TEXTS: dict[str, tuple[str, str]] = {
    "altered": (
        "Entry {entry} is not the one that was logged: its content was changed.",
        "L'inscription {entry} n'est pas celle qui a été consignée : son contenu a été modifié.",
    ),
    "removed": (
        "Entry {entry} was removed ({count} missing from here on).",
        "L'inscription {entry} a été retirée ({count} manquante(s) à partir d'ici).",
    ),
    "inserted": (
        "An entry that nobody logged stands in place {entry} (inserted: {count}).",
        "Une inscription jamais consignée figure à la place {entry} (ajoutées : {count}).",
    ),
    "duplicated": (
        "A copy of entry {other} stands in place {entry} (duplicated).",
        "Une copie de l'inscription {other} figure à la place {entry} (dédoublée).",
    ),
    "reordered": (
        "Entry {other} stands in place {entry} (reordered).",
        "L'inscription {other} figure à la place {entry} (ordre modifié).",
    ),
    "rewritten": (
        (
            "One of the entries {entry} to {last} is not the one that was logged: the signed hashes say so. "
            "The export was rewritten to hide which."
        ),
        (
            "L'une des inscriptions {entry} à {last} n'est pas celle qui a été consignée : les empreintes signées "
            "le montrent. L'export a été réécrit pour cacher laquelle."
        ),
    ),
    "tile-altered": (
        "{path} is damaged or was changed. The entries below it are as they were logged.",
        "{path} est endommagé ou a été modifié. Les inscriptions qu'il couvre sont telles que consignées.",
    ),
    "missing": ("{path} is missing.", "{path} est absent."),
    "malformed": (
        "Entry {entry} does not have the form of an entry of this log.",
        "L'inscription {entry} n'a pas la forme d'une inscription de ce journal.",
    ),
    "back-dated": (
        "Entry {entry} is dated {at}, before entry {other} ({other_at}): it was back-dated.",
        (
            "L'inscription {entry} porte la date {at}, antérieure à celle de l'inscription {other} ({other_at}) : "
            "elle a été antidatée."
        ),
    ),
    "payload": (
        "The details of entry {entry} are not those that the entry commits to.",
        "Les détails de l'inscription {entry} ne sont pas ceux auxquels elle engage.",
    ),
    "rolled-back": (
        (
            "The log was rolled back: it has {size} entries, the older checkpoint {old}. Entry {size} and all after "
            "it are missing."
        ),
        (
            "Le journal a été ramené en arrière : il compte {size} inscriptions, l'ancien point de contrôle "
            "{old}. L'inscription {size} et toutes les suivantes manquent."
        ),
    ),
    "forked": (
        (
            "The log was forked: one of the first {old} entries is not the one that an earlier signed checkpoint "
            "covers (entries {entry} to {last})."
        ),
        (
            "Le journal a bifurqué : l'une des {old} premières inscriptions n'est pas celle que couvre un point "
            "de contrôle antérieur signé (inscriptions {entry} à {last})."
        ),
    ),
    "signature": (
        "{path} is not signed by the key that was given, or was changed after it was signed.",
        "{path} n'est pas signé par la clé indiquée, ou a été modifié après signature.",
    ),
    "not-a-checkpoint": (
        "{path} is not a checkpoint of the log {name}.",
        "{path} n'est pas un point de contrôle du journal {name}.",
    ),
    "proof-format": (
        "The file is not a proof (C2SP tlog-proof, version 1).",
        "Le fichier n'est pas une preuve (C2SP tlog-proof, version 1).",
    ),
    "proof": (
        "The proof does not show that entry {entry} is in the log.",
        "La preuve ne montre pas que l'inscription {entry} est dans le journal.",
    ),
    "statement-format": (
        "The file is not a statement (countenance-statement/1).",
        "Le fichier n'est pas une déclaration (countenance-statement/1).",
    ),
    "statement": (
        "Entry {entry} of the log does not commit to this statement: it was changed, or never made.",
        "L'inscription {entry} du journal n'engage pas à cette déclaration : elle a été modifiée, ou jamais faite.",
    ),
    "no-entry": (
        "The proof does not carry its entry: give it with --entry.",
        "La preuve ne contient pas son inscription : indiquez-la avec --entry.",
    ),
    "ok": (
        "Verified: {size} entries of {origin}, each one as it was logged. Root {root}",
        "Vérifié : {size} inscriptions de {origin}, toutes telles que consignées. Racine {root}",
    ),
    "ok-old": (
        "It continues the older checkpoint of {old} entries.",
        "Le journal prolonge l'ancien point de contrôle de {old} inscriptions.",
    ),
    "ok-proof": (
        "Verified: this is entry {entry} of {origin}, in a log of {size} entries:",
        "Vérifié : ceci est l'inscription {entry} de {origin}, dans un journal de {size} inscriptions :",
    ),
    "ok-statement": (
        "Verified: entry {entry} of {origin}, in a log of {size} entries, commits to this statement:",
        "Vérifié : l'inscription {entry} de {origin}, dans un journal de {size} inscriptions, engage à cette déclaration :",
    ),
    "not-witnessed": (
        "{path} carries no good cosignature of the witness {name}.",
        "{path} ne porte aucune cosignature valable du témoin {name}.",
    ),
    "ok-witness": (
        "Cosigned by the witness {name} at {at}.",
        "Cosigné par le témoin {name} le {at}.",
    ),
    "failed": ("NOT verified: {origin}", "NON vérifié : {origin}"),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong. `kind`: a key of TEXTS. `entry`: number of the (first) entry, counted from 0."""

    kind: str
    entry: int | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def sentence(self, lang: str = "en") -> str:
        return TEXTS[self.kind][lang == "fr"].format(entry=self.entry, **self.values)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`ok` if nothing was found. `root`: 64 hexadecimal digits, or None where no checkpoint could be read."""

    origin: str
    size: int
    root: str | None
    findings: tuple[Finding, ...]
    old_size: int | None = None
    proved: tuple[int, bytes] | None = None  # of a proof: number and bytes of the entry
    statement: dict[str, Any] | None = None  # of a statement: the document
    witnesses: tuple[tuple[str, str], ...] = ()  # each one asked for: its name, and when it cosigned

    @property
    def ok(self) -> bool:
        return not self.findings

    def text(self, lang: str = "en") -> str:
        if not self.ok:
            head = TEXTS["failed"][lang == "fr"].format(origin=self.origin)
            return "\n".join([head, *("- " + finding.sentence(lang) for finding in self.findings)])
        values = {"size": self.size, "origin": self.origin, "root": self.root, "old": self.old_size}
        told = [TEXTS["ok-witness"][lang == "fr"].format(name=name, at=at) for name, at in self.witnesses]
        if self.statement is not None and self.proved is not None:
            head = TEXTS["ok-statement"][lang == "fr"].format(entry=self.proved[0], **values)
            shown = json.dumps(self.statement, ensure_ascii=False, indent=2, sort_keys=True)
            return "\n".join([head, shown, *told])
        if self.proved is not None:
            head = TEXTS["ok-proof"][lang == "fr"].format(entry=self.proved[0], **values)
            return "\n".join([head, self.proved[1].decode("utf-8", "backslashreplace"), *told])
        lines = ["ok"] if self.old_size is None else ["ok", "ok-old"]
        return "\n".join([*(TEXTS[line][lang == "fr"].format(**values) for line in lines), *told])

    def as_json(self, lang: str = "en") -> dict[str, Any]:
        findings = [
            {"kind": f.kind, "entry": f.entry, "text": f.sentence(lang), **f.values} for f in self.findings
        ]
        return {
            "ok": self.ok,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "findings": findings,
            **({} if self.statement is None else {"statement": self.statement}),
            **({} if not self.witnesses else {"witnesses": dict(self.witnesses)}),
        }


class Failed(Exception):  # noqa: N818 - it carries a finding, and never leaves this file
    """Ends a check with its finding."""

    def __init__(self, kind: str, entry: int | None = None, **values: object) -> None:
        super().__init__(kind)
        self.finding = Finding(kind=kind, entry=entry, values=values)


# --- hashes (RFC 6962 section 2.1)


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def pairs(row: Sequence[bytes]) -> list[bytes]:
    """Parents of neighbouring hashes; a last one without a neighbour has no parent yet."""
    return [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]


def fold(row: Sequence[bytes]) -> bytes:
    """The subtree hash over a power of two of hashes."""
    while len(row) > 1:
        row = pairs(row)
    return row[0]


def split(data: bytes) -> list[bytes]:
    """Hashes of 32 bytes each."""
    return [data[i : i + 32] for i in range(0, len(data), 32)]


# --- notes and checkpoints


@dataclass(frozen=True, kw_only=True)
class Head:
    """A tree head that was signed. `root`: 32 bytes."""

    size: int
    root: bytes


def unb64(text: str) -> bytes:
    """Strict base64 (RFC 4648 section 4), in its one spelling. Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError
    return data


def parse_vkey(vkey: str, kind: bytes = b"\x01") -> tuple[str, bytes, Ed25519PublicKey]:
    """Name, key id and key of a C2SP verifier key: of a log (type 0x01), of a witness (0x04). Raises ValueError."""
    name, key_id, encoded = vkey.strip().split("+", 2)
    material = unb64(encoded)
    digest = sha256(name.encode() + b"\n" + material).digest()[:4]
    if material[:1] != kind or digest.hex() != key_id or not name or len(material) != 33:
        raise ValueError("not a verifier key")
    return name, digest, Ed25519PublicKey.from_public_bytes(material[1:])


def open_checkpoint(raw: bytes, vkey: str, path: str) -> Head:
    """Verify the signature, then read. Signatures by other names (witnesses) are passed over."""
    name, key_id, key = parse_vkey(vkey)
    try:
        text, blank, tail = raw.decode().rpartition("\n\n")
        lines = [line.removeprefix("\u2014 ").split(" ") for line in tail.split("\n")[:-1]]
        own = [unb64(line[1]) for line in lines if line[0] == name and unb64(line[1])[:4] == key_id]
    except (ValueError, IndexError):
        raise Failed("signature", path=path) from None
    signed = text + "\n"
    if not blank or not own:
        raise Failed("signature", path=path)
    for each in own:
        try:
            key.verify(each[4:], signed.encode())
        except InvalidSignature:
            raise Failed("signature", path=path) from None
    found = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n(?:[^\n]+\n)*", signed, re.ASCII)
    try:
        if found is None or found[1] != name or len(root := unb64(found[3])) != 32:
            raise ValueError
    except ValueError:
        raise Failed("not-a-checkpoint", path=path, name=name) from None
    return Head(size=int(found[2]), root=root)


def cosigned(raw: bytes, vkeys: Sequence[str], path: str) -> tuple[tuple[str, str], ...]:
    """Name and time of each witness of `vkeys`, whose good cosignature the signed note must carry."""
    text, _, tail = raw.decode().rpartition("\n\n")
    lines = [line.removeprefix("\u2014 ").split(" ") for line in tail.split("\n")[:-1]]
    told = []
    for vkey in vkeys:
        name, key_id, key = parse_vkey(vkey, b"\x04")
        times = []
        for line in lines:
            data = unb64(line[1]) if line[0] == name else b""
            if data[:4] != key_id or len(data) != 76:
                continue
            moment = int.from_bytes(data[4:12])
            try:
                key.verify(data[12:], f"cosignature/v1\ntime {moment}\n{text}\n".encode())
                times.append(datetime.fromtimestamp(moment, UTC).isoformat())
            except (InvalidSignature, ValueError, OverflowError, OSError):
                continue
        if not times:
            raise Failed("not-witnessed", path=path, name=name)
        told.append((name, max(times)))
    return tuple(told)


# --- where tiles and bundles are read


class Source(Protocol):
    """Bytes of tiles and bundles, or None where there are none; at most what the width allows is looked
    at.
    """

    def tile(self, level: int, position: int, width: int) -> bytes | None: ...

    def bundle(self, position: int, width: int) -> bytes | None: ...


def tile_path(kind: str, position: int, width: int) -> str:
    """Where tlog-tiles puts a tile or, for the kind `entries`, a bundle."""
    digits = str(position)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{kind}/{name}" + (f".p/{width}" if width < WIDTH else "")


class Folder:
    """An export on disk. A partial tile may have been replaced by the full one since (tlog-tiles, Partial
    Tiles).
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, most: int) -> bytes | None:
        file = self.path / name
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            return stream.read(most + 1)

    def tile(self, level: int, position: int, width: int) -> bytes | None:
        data = self.read(tile_path(str(level), position, width), width * 32)
        if data is None and width < WIDTH:
            full = self.read(tile_path(str(level), position, WIDTH), WIDTH * 32)
            data = None if full is None else full[: width * 32]
        return data

    def bundle(self, position: int, width: int) -> bytes | None:
        most = WIDTH * 65537
        data = self.read(tile_path("entries", position, width), most)
        if data is None and width < WIDTH:
            full = self.read(tile_path("entries", position, WIDTH), most)
            data = None if full is None else b"".join(frame(entry) for entry in parse_bundle(full)[:width])
        return data


def frame(entry: bytes) -> bytes:
    """An entry after its length, as a bundle holds it."""
    return len(entry).to_bytes(2, "big") + entry


def parse_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; where its lengths do not add up, the rest of it counts as one entry."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            return [*entries, data[at:]]
        entries.append(data[at + 2 : end])
        at = end
    return entries


# --- the tree, from stored tiles of one level upwards


class Tree:
    """Subtree hashes computed from all tiles of level `base`; below it, from the tiles as they are stored."""

    def __init__(self, base: int, row: list[bytes], below: Callable[[int, int, int], list[bytes]]) -> None:
        self.below = below
        self.rows = {8 * base: row}
        height = 8 * base
        while len(row) > 1:
            row, height = pairs(row), height + 1
            self.rows[height] = row
        self.bottom = 8 * base

    def node(self, height: int, index: int) -> bytes:
        if height >= self.bottom:
            return self.rows[height][index]
        first = index << (height % 8)
        offset = first % WIDTH
        hashes = self.below(height // 8, first // WIDTH, offset + (1 << (height % 8)))
        return fold(hashes[offset : offset + (1 << (height % 8))])

    def root(self, size: int) -> bytes:
        nodes, at = [], 0
        while at < size:
            height = (size - at).bit_length() - 1
            nodes.append(self.node(height, at >> height))
            at += 1 << height
        result = nodes.pop() if nodes else sha256(b"").digest()
        while nodes:
            result = sha256(b"\x01" + nodes.pop() + result).digest()
        return result


class Audit:
    """Compares entries with level 0 tiles, tiles with their parents, and all with the signed root.

    `root` None: no root is known (a log beyond its last checkpoint); then the level 0 tiles are believed.
    """

    def __init__(self, source: Source, size: int, root: bytes | None, history: Sequence[Head] = ()) -> None:
        self.source, self.size, self.root = source, size, root
        self.history = sorted((h for h in history if 0 < h.size <= size), key=lambda h: h.size)
        self.findings: list[Finding] = []
        # By position of a bundle: hashes of its entries, where they are not those of the tile.
        self.unlike: dict[int, list[bytes]] = {}
        self.latest = (0, "", -1)  # seconds, text and number of the latest entry so far

    def add(self, kind: str, entry: int | None = None, **values: object) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind=kind, entry=entry, values=values))

    def width(self, level: int, position: int) -> int:
        return max(0, min(WIDTH, (self.size >> 8 * level) - position * WIDTH))

    def stored(self, level: int, position: int) -> list[bytes] | None:
        """A tile as stored, or None where it is missing or has another length."""
        width = self.width(level, position)
        data = self.source.tile(level, position, width)
        return split(data) if data is not None and len(data) == width * 32 else None

    def positions(self, level: int) -> range:
        return range(-(-(self.size >> 8 * level) // WIDTH))

    def run(self) -> list[Finding]:
        tiles, entries = self.read_bottom()
        tree = self.tree_of(tiles, 0)
        if tree is not None and self.root in (None, tree.root(self.size)):
            self.check_upper(tree)
            self.diagnose_all()
            self.check_history(tree)
        else:
            self.descend(tiles, entries)
            if not self.findings:  # whatever was overlooked: without the signed root nothing is verified
                self.add("rewritten", 0, last=self.size - 1)
        return self.findings

    def read_bottom(self) -> tuple[list[bytes | None], list[bytes | None]]:
        """Of each full level 0 tile its fold, and the fold of its entries' hashes; None where there is none."""
        tiles: list[bytes | None] = []
        entries: list[bytes | None] = []
        for position in self.positions(0):
            width = self.width(0, position)
            stored = self.stored(0, position)
            raw = self.source.bundle(position, width)
            parsed = [] if raw is None else parse_bundle(raw)
            hashes = [leaf_hash(entry) for entry in parsed]
            if raw is None:
                self.add("missing", path=tile_path("entries", position, width))
            elif hashes == stored:
                self.read_leaves(position * WIDTH, parsed)
            else:
                self.unlike[position] = hashes
            if width == WIDTH:
                tiles.append(None if stored is None else fold(stored))
                entries.append(
                    tiles[-1] if hashes == stored else fold(hashes) if len(hashes) == WIDTH else None
                )
        return tiles, entries

    def read_leaves(self, first: int, entries: list[bytes]) -> None:
        for number, raw in enumerate(entries, first):
            leaf = parse_leaf(raw)
            if leaf is None:
                self.add("malformed", number)
                continue
            at = datetime.fromisoformat(leaf["at"]).timestamp()
            if at < self.latest[0] - SKEW:
                self.add("back-dated", number, at=leaf["at"], other=self.latest[2], other_at=self.latest[1])
            elif at > self.latest[0]:
                self.latest = (int(at), leaf["at"], number)

    def tree_of(self, row: list[bytes | None], level: int) -> Tree | None:
        """A tree over the folds of all full tiles of `level`, if there is one for each."""
        whole = [each for each in row if each is not None]
        return Tree(level + 1, whole, self.below) if len(whole) == len(row) else None

    def below(self, level: int, position: int, width: int) -> list[bytes]:
        hashes = self.stored(level, position)
        return hashes[:width] if hashes is not None else [b"\x00" * 32] * width

    def check_upper(self, tree: Tree) -> None:
        level = 1
        while self.size >> 8 * level:
            for position in self.positions(level):
                width = self.width(level, position)
                right = tree.rows[8 * level][position * WIDTH : position * WIDTH + width]
                if self.stored(level, position) != right:
                    self.add("tile-altered", path=tile_path(str(level), position, width))
            level += 1

    def check_history(self, tree: Tree) -> None:
        """Every signed checkpoint must be of a beginning of this very tree."""
        before = 0
        for head in self.history:
            if tree.root(head.size) != head.root:
                self.add("forked", before, old=head.size, last=head.size - 1)
                return
            before = head.size

    # -- when the level 0 tiles do not give the signed root

    def descend(self, tiles: list[bytes | None], entries: list[bytes | None]) -> None:
        """Find the lowest level of stored tiles that does give it, and follow the false ones down."""
        for level in range(1, 8):
            rows = [self.stored(level, position) for position in self.positions(level)]
            flat = [each for row in rows if row is not None for each in row]
            if not rows or None in rows:
                continue
            for below in (self.below, self.below_by_entries):
                if Tree(level, flat, below).root(self.size) != self.root:
                    continue
                edge = self.size // WIDTH
                if below == self.below_by_entries and edge in self.unlike:
                    self.add("tile-altered", path=tile_path("0", edge, self.width(0, edge)))
                    del self.unlike[edge]
                false = self.false_bundles(level, flat, tiles)
                self.judge(false, {n: flat[n] for n in false} if level == 1 else {}, entries)
                return
        self.try_entries(entries)

    def below_by_entries(self, level: int, position: int, width: int) -> list[bytes]:
        """As `below`, but for a level 0 tile that its entries do not fit, the hashes of the entries."""
        row = self.unlike.get(position) if level == 0 else None
        return row[:width] if row is not None and len(row) >= width else self.below(level, position, width)

    def false_bundles(self, level: int, flat: list[bytes], tiles: list[bytes | None]) -> list[int]:
        step = 256 ** (level - 1)
        if level == 1:
            return [n for n, each in enumerate(flat) if tiles[n] != each]
        false: list[int] = []
        for n, each in enumerate(flat):
            row = tiles[n * step : (n + 1) * step]
            whole = [one for one in row if one is not None]
            if len(whole) < len(row) or fold(whole) != each:
                false.extend(range(n * step, (n + 1) * step))
        return false

    def judge(self, false: list[int], right: dict[int, bytes], entries: list[bytes | None]) -> None:
        """Tell false tiles over good entries, which give what the parent says (`right`), from tiles made to fit."""
        hidden: list[int] = []
        for n in false:
            if n in right and entries[n] == right[n]:
                self.add("tile-altered", path=tile_path("0", n, WIDTH))
                self.unlike.pop(n, None)
            elif n not in self.unlike or self.stored(0, n) is None:
                self.unlike.pop(n, None)
                hidden.append(n)
        for i, n in enumerate(hidden):
            if i == 0 or hidden[i - 1] != n - 1:
                end = next((m for m in hidden[i:] if m + 1 not in hidden), n)
                self.add("rewritten", n * WIDTH, last=end * WIDTH + WIDTH - 1)
        self.diagnose_all()

    def try_entries(self, entries: list[bytes | None]) -> None:
        """Perhaps only tiles are damaged: is the root that of the entries?"""
        whole = [each for each in entries if each is not None]
        if len(whole) == len(entries):
            tree = Tree(1, whole, self.below_by_entries)
            if tree.root(self.size) == self.root:
                for position in self.unlike:
                    path = tile_path("0", position, self.width(0, position))
                    self.add("tile-altered", path=path)
                self.check_upper(tree)
                self.check_history(tree)
                return
        if self.unlike:
            self.diagnose_all()
        if not any(finding.kind in STRUCTURAL for finding in self.findings):
            self.narrow(whole if len(whole) == len(entries) else None)

    def narrow(self, folds: list[bytes] | None) -> None:
        """Everything was rewritten. Earlier signed checkpoints still tell how far the log is good."""
        low, high = 0, self.size
        if folds is not None:
            tree = Tree(1, folds, self.below)
            for head in self.history:
                if tree.root(head.size) == head.root:
                    low = max(low, head.size)
                else:
                    high = min(high, head.size)
                    break
        self.add("rewritten", low, last=high - 1)

    # -- what happened to entries that are not those of their tile

    def diagnose_all(self) -> None:
        for position in sorted(self.unlike):
            tile = self.stored(0, position)
            if tile is None:
                self.add("missing", path=tile_path("0", position, self.width(0, position)))
            elif not self.diagnose(position * WIDTH, self.unlike[position], tile):
                break  # all that follows is out of place for the same reason

    def diagnose(self, base: int, found: list[bytes], tile: list[bytes]) -> bool:
        """Name what is wrong in one bundle. False where the entries after it have moved as well."""
        at = next(
            (i for i, (a, b) in enumerate(zip(found, tile, strict=False)) if a != b),
            min(len(found), len(tile)),
        )
        short = len(tile) - len(found)
        if short > 0 and found[at:] == tile[at + short :]:
            self.add("removed", base + at, count=short)
            return True
        if short < 0 and found[at - short :] == tile[at:]:
            self.name_intruder(base + at, found[at] if at < len(found) else found[-1], -short)
            return True
        if short:
            self.add("altered", base + at)
            return True
        moved = self.locate(found[at])
        after = self.entry_at(base + at + 1)
        following = None if after is None else self.locate(after)
        if following == base + at and moved != base + at + 1:
            self.name_intruder(base + at, found[at], 1)
            return False
        if moved is None:
            for i, (a, b) in enumerate(zip(found, tile, strict=True)):
                if a != b:
                    other = self.locate(a)
                    kind = "altered" if other is None else "reordered" if other > base + i else "duplicated"
                    self.add(kind, base + i, other=other)
            return True
        if moved > base + at and (after is None or following == moved + 1):
            self.add("removed", base + at, count=moved - base - at)
            return False
        back = self.entry_at(moved)
        swapped = back != found[at]
        self.add("reordered" if swapped else "duplicated", base + at, other=moved)
        return True

    def name_intruder(self, entry: int, found: bytes, count: int) -> None:
        other = self.locate(found)
        if other is None:
            self.add("inserted", entry, count=count)
        else:
            self.add("duplicated", entry, other=other)

    def locate(self, wanted: bytes) -> int | None:
        """The number of the entry that was logged with this hash."""
        for position in self.positions(0):
            tile = self.stored(0, position)
            if tile is not None and wanted in tile:
                return position * WIDTH + tile.index(wanted)
        return None

    def entry_at(self, number: int) -> bytes | None:
        """The hash of the entry that stands in a place now."""
        row = self.unlike.get(number // WIDTH)
        row = row if row is not None else self.stored(0, number // WIDTH) or []
        return row[number % WIDTH] if number % WIDTH < len(row) else None


STRUCTURAL = {"altered", "removed", "inserted", "duplicated", "reordered", "rewritten", "missing"}


def parse_leaf(raw: bytes) -> dict[str, Any] | None:
    """A leaf with exactly the keys of version 1, in its one spelling; None for anything else."""
    try:
        leaf = json.loads(raw)
        if type(leaf) is not dict or leaf.keys() != LEAF_KEYS or type(leaf["v"]) is not int or leaf["v"] != 1:
            return None
        shown = [leaf[key] for key in LEAF_KEYS - {"v"}]
        if not all(each is None or isinstance(each, str) for each in shown):
            return None
        if not re.fullmatch(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z", leaf["at"]):
            return None
        datetime.fromisoformat(leaf["at"])
        if not re.fullmatch("[0-9a-f]{64}", leaf["commitment"]) or leaf["event"] is None:
            return None
        return leaf if CANONICAL.encode(leaf).encode() == raw else None
    except (ValueError, TypeError, RecursionError):
        return None


def check_payloads(source: Folder, size: int) -> Iterator[Finding]:
    """Where details came along (for an authority), each must open the commitment of its entry."""
    for position in range(-(-size // WIDTH)):
        name = tile_path("entries", position, WIDTH).replace("tile/entries", "payload") + ".jsonl"
        width = min(WIDTH, size - position * WIDTH)
        raw = source.read(name, 1 << 30)
        entries = parse_bundle(source.bundle(position, width) or b"")
        for number, line in enumerate(raw.splitlines() if raw else []):
            entry = position * WIDTH + number
            try:
                shown = json.loads(line)
                entry = int(shown["index"])
                leaf = parse_leaf(entries[entry - position * WIDTH]) if entry >= position * WIDTH else None
                made = hmac.digest(bytes.fromhex(shown["salt"]), shown["details"].encode(), "sha256").hex()
                good = leaf is not None and hmac.compare_digest(made, leaf["commitment"])
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                good = False
            if not good:
                yield Finding(kind="payload", entry=entry)


# --- what a caller calls


def verify_export(
    path: Path | str,
    vkey: str,
    old_checkpoint: bytes | str | None = None,
    witnesses: Sequence[str] = (),
) -> Verdict:
    """Check a whole export against `vkey`. `old_checkpoint`: an earlier signed checkpoint, as bytes or text.
    `witnesses`: verifier keys of those who must have cosigned it.

    Raises ValueError for a `vkey` that is none, FileNotFoundError where there is no export.
    """
    name = parse_vkey(vkey)[0]
    source = Folder(Path(path))
    if not source.path.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(path))
    size, root, old = 0, None, None
    told: tuple[tuple[str, str], ...] = ()
    try:
        raw = source.read("checkpoint", 1 << 20)
        if raw is None:
            raise Failed("missing", path="checkpoint")
        head = open_checkpoint(raw, vkey, "checkpoint")
        size, root = head.size, head.root
        told = cosigned(raw, witnesses, "checkpoint")
        history = list(read_history(source, vkey))
        if old_checkpoint is not None:
            given = old_checkpoint.encode() if isinstance(old_checkpoint, str) else old_checkpoint
            old = open_checkpoint(given, vkey, "--old-checkpoint")
            if old.size > size:
                raise Failed("rolled-back", size, size=size, old=old.size)
            history.append(old)
        findings = Audit(source, size, head.root, history).run()
        if not findings:
            findings = list(check_payloads(source, size))[:FINDINGS_MAX]
        if old is not None and old.size == 0 and old.root != sha256(b"").digest():
            findings.append(Finding(kind="forked", entry=0, values={"old": 0, "last": 0}))
    except Failed as failed:
        findings = [failed.finding]
    return Verdict(
        origin=name,
        size=size,
        root=None if root is None else root.hex(),
        findings=tuple(findings),
        old_size=None if old is None else old.size,
        witnesses=told,
    )


def read_history(source: Folder, vkey: str) -> Iterator[Head]:
    """Earlier checkpoints that the export brings along; one that is not signed by the key is worth
    nothing.
    """
    raw = source.read("history.jsonl", 1 << 30) or b""
    for line in raw.splitlines():
        try:
            yield open_checkpoint(json.loads(line).encode(), vkey, "history.jsonl")
        except (Failed, ValueError, AttributeError):
            continue


def verify_proof(
    proof: bytes | str, vkey: str, entry: bytes | None = None, witnesses: Sequence[str] = ()
) -> Verdict:
    """Check a C2SP tlog-proof. `entry`: the bytes of the entry, where the proof does not carry them. `witnesses`: as
    for an export.
    """
    name = parse_vkey(vkey)[0]
    size, root, proved = 0, None, None
    told: tuple[tuple[str, str], ...] = ()
    findings: list[Finding] = []
    try:
        text = proof if isinstance(proof, str) else proof.decode("utf-8", "replace")
        found = re.fullmatch(
            r"c2sp\.org/tlog-proof@v1\n(?:extra ([^\n]*)\n)?"
            r"index (0|[1-9][0-9]{0,18})\n((?:[^\n]+\n)*)\n(.*)",
            text,
            re.DOTALL | re.ASCII,
        )
        if found is None:
            raise Failed("proof-format")
        number = int(found[2])
        try:
            carried = None if found[1] is None else unb64(found[1])
            path = [unb64(line) for line in found[3].splitlines()]
        except ValueError:
            raise Failed("proof-format") from None
        head = open_checkpoint(found[4].encode(), vkey, "checkpoint")
        size, root = head.size, head.root
        told = cosigned(found[4].encode(), witnesses, "checkpoint")
        content = carried if entry is None else entry
        if content is None:
            raise Failed("no-entry")
        if not included(leaf_hash(content), number, size, path, root):
            raise Failed("proof", number)
        proved = (number, content)
    except Failed as failed:
        findings = [failed.finding]
    return Verdict(
        origin=name,
        size=size,
        root=None if root is None else root.hex(),
        findings=tuple(findings),
        proved=proved,
        witnesses=told,
    )


def verify_statement(raw: bytes | str, vkey: str, witnesses: Sequence[str] = ()) -> Verdict:
    """Check a statement: its proof, that the entry commits to the details, and the details to the document."""
    try:
        file = json.loads(raw)
        salt, details = bytes.fromhex(file["salt"]), file["details"].encode()
        statement, proof = file["statement"], file["proof"].encode()
        digest = sha256(CANONICAL.encode(statement).encode()).hexdigest()
        told = json.loads(details)["statement"]
        if file["format"] != "countenance-statement/1" or type(statement) is not dict:
            raise ValueError(file["format"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        finding = Finding(kind="statement-format")
        return Verdict(origin=parse_vkey(vkey)[0], size=0, root=None, findings=(finding,))
    verdict = verify_proof(proof, vkey, witnesses=witnesses)
    if verdict.proved is None:
        return verdict
    number, entry = verdict.proved
    leaf = parse_leaf(entry)
    made = hmac.digest(salt, details, "sha256").hex()
    if leaf is None or not hmac.compare_digest(made, leaf["commitment"]) or told != digest:
        return replace(verdict, findings=(Finding(kind="statement", entry=number),), proved=None)
    return replace(verdict, statement=statement)


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    if index >= size or any(len(each) != 32 for each in proof):
        return False
    last, result = size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            result = sha256(b"\x01" + sibling + result).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            result = sha256(b"\x01" + result + sibling).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and result == root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Checks an exported transparency log, or one proof (verifier.py proof FILE)."
    )
    parser.add_argument("target", nargs="+", metavar="EXPORT_DIR | proof FILE | statement FILE")
    parser.add_argument("--key", required=True, help="the log's verifier key: name+id+base64")
    parser.add_argument("--old-checkpoint", type=Path, help="a checkpoint that you kept from an earlier time")
    parser.add_argument(
        "--entry", type=Path, help="the bytes of the entry, for a proof that does not carry them"
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="verifier key of a witness that must have cosigned"
    )
    parser.add_argument("--lang", choices=("en", "fr"), default="en")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        parse_vkey(options.key)
    except ValueError:
        parser.error("--key is not a verifier key (name+id+base64)")
    try:
        for each in options.witness:
            parse_vkey(each, b"\x04")
    except ValueError:
        parser.error("--witness is not the verifier key of a witness (name+id+base64)")
    try:
        if len(options.target) == 2 and options.target[0] == "proof":
            entry = None if options.entry is None else options.entry.read_bytes()
            verdict = verify_proof(Path(options.target[1]).read_bytes(), options.key, entry, options.witness)
        elif len(options.target) == 2 and options.target[0] == "statement":
            verdict = verify_statement(Path(options.target[1]).read_bytes(), options.key, options.witness)
        elif len(options.target) == 1:
            old = None if options.old_checkpoint is None else options.old_checkpoint.read_bytes()
            verdict = verify_export(options.target[0], options.key, old, options.witness)
        else:
            parser.error("give one folder, or the word proof or statement and a file")
    except OSError as error:
        print(f"{error.filename}: {error.strerror or 'not a folder'}", file=sys.stderr)
        return 4
    print(json.dumps(verdict.as_json(options.lang)) if options.json else verdict.text(options.lang))
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
