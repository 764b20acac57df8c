"""Elements of a page as text, escaped where they are made; and the frame of a page that needs nothing but itself."""

from __future__ import annotations

import base64
import html
from hashlib import sha256
from typing import NewType

Html = NewType("Html", str)
"""Text that is markup: whatever came from outside is escaped in it."""

_VOID = frozenset({"br", "hr", "img", "meta"})


def text(value: object) -> Html:
    """Anything as text of a page."""
    return Html(html.escape(str(value)))


def join(*parts: Html) -> Html:
    """Parts one after the other."""
    return Html("".join(parts))


def element(name: str, /, *children: Html, **attributes: str) -> Html:
    """`<name ...>children</name>`. In names of attributes `_` stands for `-`, and one at the end is dropped."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items()
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{''.join(children)}</{name}>")


def jpeg(data: bytes, alt: str, **attributes: str) -> Html:
    """A picture inside the page itself."""
    source = "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
    return element("img", src=source, alt=alt, **attributes)


def document(*, language: str, title: str, style: str, body: Html) -> str:
    """A whole page that may load nothing, run nothing and send nothing.

    The policy names the one style sheet by its hash (CSP level 3, section 2.3.1); pictures are data: addresses.
    """
    digest = base64.b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    head = join(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex, nofollow"),
        element("title", text(title)),
        Html(f"<style>{style}</style>"),
    )
    page = element("html", element("head", head), element("body", body), lang=language)
    return f"<!doctype html>\n{page}\n"
