"""`render_pair`: the page on which a reviewer looks at one pair of faces. No score, no rank, no name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet.html import Html, document, element, join, text
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

EYES_APART = 92
"""Pixels between the eyes, in every picture of a pair: nobody compares faces of two sizes."""

STYLE = """
.pair{display:flex;flex-wrap:wrap;gap:2rem;align-items:flex-start}
.pair figure{margin:0}
.pair img{max-width:none;border-radius:.2rem;outline:1px solid var(--line)}
.pair .probes img{width:auto}
.pair figcaption{margin:.5rem 0 0}
"""

HOW = (
    N_(
        "Look at each face alone before you look at both. Compare feature by feature, from the top to the bottom."
    ),
    N_(
        "Write down what differs as carefully as what is alike. One difference that nothing explains outweighs much."
    ),
    N_("Pose, light, age, weight, hair and lens explain many differences. They explain many likenesses too."),
    N_("If the pictures do not allow it, say unsuitable. That is a finding, not a failure."),
)

SCALE = (
    ("+3", N_("strong support for one person")),
    ("+2", N_("support for one person")),
    ("+1", N_("some support for one person")),
    ("0", N_("no support either way")),
    ("-1", N_("some support for two people")),
    ("-2", N_("support for two people")),
    ("-3", N_("strong support for two people")),
    ("unsuitable", N_("the pictures cannot be compared")),
)


def render_pair(shown: Mapping[str, Any]) -> str:
    """The page of one pair, as `review-next` gave it, in the language spoken now."""
    title = say(N_("Pair {pair}"), pair=shown["pair"])
    probes = [face(each, _(N_("A face that was searched with"))) for each in shown["probe"]]
    beside = (
        face(shown["face"], _(N_("The face to examine")))
        if shown["face"]
        else element("p", text(_(N_("The picture has gone. Say unsuitable."))))
    )
    body = join(
        element(
            "header",
            element("p", text("Countenance"), class_="eyebrow"),
            element("h1", text(title)),
            element(
                "p",
                text(
                    _(
                        N_(
                            "Do the two show one person or two? Some faces here are fillers of people who do not exist. "
                            "What you find is sealed; nobody sees it before all have sealed theirs."
                        )
                    )
                ),
                class_="lede",
            ),
        ),
        element(
            "main",
            element(
                "section",
                figure(probes, _(N_("Probe"))),
                figure([beside], _(N_("Face to examine"))),
                class_="pair",
            ),
            element(
                "section",
                element("h2", text(_(N_("How to look")))),
                element("ul", *(element("li", text(_(line))) for line in HOW)),
            ),
            element("section", element("h2", text(_(N_("The scale")))), scale()),
        ),
    )
    return document(language=spoken().value, title=f"{title} - Countenance", style=style(STYLE), body=body)


def scale() -> Html:
    """The scale in words."""
    return element(
        "dl",
        *(join(element("dt", text(_sign(mark))), element("dd", text(_(meaning)))) for mark, meaning in SCALE),
    )


def _sign(mark: str) -> str:
    return _(N_("unsuitable")) if mark == "unsuitable" else mark.replace("-", "\N{MINUS SIGN}")


def figure(pictures: list[Html], caption: str) -> Html:
    """Pictures with one caption."""
    return element(
        "figure",
        element("div", *pictures, class_="probes"),
        element("figcaption", text(caption), class_="small soft"),
    )


def face(picture: Mapping[str, Any], alt: str, *, eyes_apart: int = EYES_APART) -> Html:
    """A picture at the size at which its eyes are `eyes_apart` pixels apart."""
    from PIL import Image

    with Image.open(BytesIO(base64.b64decode(picture["jpeg"]))) as opened:
        width, height = opened.size
    shown = round(eyes_apart / picture["eye_share"])
    return element(
        "img",
        src=f"data:image/jpeg;base64,{picture['jpeg']}",
        alt=alt,
        width=str(shown),
        height=str(round(shown * height / width)),
    )
