"""The pages of the request desk: what is held of a person, in that person's language; and found faces, to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, document, element, join, jpeg, text
from countenance.cli.sheet.parts import facts
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.rights.access import Shown
    from countenance.rights.own_face import OwnFaceFound

STATES = {
    "enrolled": N_("can be found in searches that are permitted"),
    "withdrawn": N_("cannot be found any more"),
    "held": N_("held back; cannot be found"),
    "refused": N_("no template was made: not permitted"),
    "failed": N_("no template was made"),
}
BASES = {
    "consent": N_("your consent"),
    "legal-obligation": N_("a legal obligation"),
    "public-task": N_("a public task"),
    "vital-interest": N_("somebody's vital interest"),
    "legitimate-interest": N_("a legitimate interest"),
    "publicly-available": N_("being publicly available"),
}
WITHHELD = {
    "who-searched": N_(
        "Who searched, and in which case. You are told when, for what purpose and for which place."
    ),
    "other-people": N_(
        "Whatever shows or names somebody else. Other faces on your photographs were destroyed."
    ),
}
MORE = """
.held{list-style:none;margin:0;padding:0;max-width:none;display:grid;gap:1.5rem}
.held>li{background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:1rem;display:grid;gap:1rem;
grid-template-columns:minmax(0,1fr);break-inside:avoid}
.held figure{margin:0}
.held img{max-width:100%;height:auto;border-radius:.2rem;outline:1px solid var(--line)}
.held .own{width:9rem}
.held dl{margin:.4rem 0 .8rem}
section{margin:2.25rem 0}
table{border-collapse:collapse;font-size:.9375rem}
th,td{text-align:left;padding:.35rem 1.2rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:400}
.scroll{overflow-x:auto}
@media screen and (min-width:48rem){.held>li{grid-template-columns:10rem minmax(0,1fr)}}
"""


def render_access(content: Mapping[str, Any], pictures: Sequence[Shown]) -> str:
    """The page of an access package, in the language spoken now."""
    title = _(N_("What is held of you"))
    by_face = {shown.face: shown for shown in pictures}
    return document(
        language=spoken().value,
        title=f"{title} - {content['operator']}",
        style=style(MORE),
        body=join(
            _head(content, title),
            element(
                "main",
                _faces(content, by_face),
                _consents(content),
                _searches(content),
                withheld(content),
                _rights(content),
            ),
            _foot(content),
        ),
    )


def _head(content: Mapping[str, Any], title: str) -> Html:
    count = len(content["faces"])
    summary = (
        _(N_("Nothing was found here that shows you."))
        if not count
        else say(
            N_("{operator} holds {count} pictures of your face."), operator=content["operator"], count=count
        )
        if count > 1
        else say(N_("{operator} holds one picture of your face."), operator=content["operator"])
    )
    return element(
        "header",
        element("p", text("Countenance"), class_="eyebrow"),
        element("h1", text(title)),
        element("p", text(summary), class_="lede"),
        facts(
            [
                (_(N_("For")), content["name"]),
                (_(N_("Request")), content["request"]),
                (_(N_("Received")), content["received_at"][:10]),
                (_(N_("Made")), content["made_at"][:10]),
                (_(N_("Held under the label")), (content["person"] or {}).get("label")),
            ]
        ),
    )


def _faces(content: Mapping[str, Any], pictures: Mapping[str, Shown]) -> Html:
    items = [_face(face, pictures.get(face["id"])) for face in content["faces"]]
    if not items:
        return join()
    return element(
        "section",
        element("h2", text(_(N_("Pictures, and where they came from")))),
        element("ol", *items, class_="held"),
    )


def _face(face: Mapping[str, Any], shown: Shown | None) -> Html:
    crop = shown.crop if shown else None
    photograph = shown.photograph if shown else None
    own = (
        jpeg(crop, say(N_("Your face, picture {number}"), number=face["number"]), class_="own")
        if crop
        else join()
    )
    scene = (
        element(
            "figure",
            jpeg(photograph, say(N_("Photograph {number}, other faces destroyed"), number=face["number"])),
            element("figcaption", text(_destroyed(shown.destroyed if shown else 0)), class_="small soft"),
        )
        if photograph
        else element(
            "p",
            text(
                _(
                    N_(
                        "The photograph itself is with its holder; it was not there to be shown when this was made."
                    )
                )
            ),
            class_="small soft",
        )
    )
    template = (
        N_(
            "A template: numbers made from your face, encrypted. They are not handed out, since they serve nothing but comparison."
        )
        if face["template"]
        else N_("No template of this face is held.")
    )
    return element(
        "li",
        element("div", own),
        element(
            "div",
            element("h3", text(say(N_("Picture {number}"), number=face["number"]))),
            facts(
                [
                    (_(N_("Source")), face["source"]),
                    (_(N_("Holder")), face["holder"]),
                    (_(N_("Contact")), face["contact"]),
                    (_(N_("Its reference")), face["source_ref"] or face["photograph"]),
                    (_(N_("Photographed")), words.date_words(face["captured_at"])),
                    (_(N_("Taken in")), face["taken_in"][:10]),
                    (_(N_("Held on the basis of")), _word(BASES, face["basis"])),
                    (_(N_("Evidence")), face["evidence"]),
                    (_(N_("Held for")), ", ".join(words.purpose_words(one) for one in face["purposes"])),
                    (_(N_("State")), _word(STATES, face["state"])),
                ]
            ),
            element("p", text(_(template)), class_="small soft"),
            scene,
        ),
    )


def _word(known: Mapping[str, str], name: str) -> str:
    template = known.get(name, name)
    return _(template)


def _destroyed(count: int) -> str:
    if count == 0:
        return _(N_("Nobody else was found on it."))
    if count == 1:
        return _(N_("The face of one other person was destroyed in this copy."))
    return say(N_("The faces of {count} other people were destroyed in this copy."), count=count)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    """A table that scrolls by itself where it is too wide."""
    head = element("tr", *(element("th", text(name), scope="col") for name in heads))
    body = [
        element("tr", *(element("td", text("" if cell is None else cell)) for cell in row)) for row in rows
    ]
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *body)),
        class_="scroll",
        tabindex="0",
    )


def _consents(content: Mapping[str, Any]) -> Html:
    if not content["receipts"]:
        return join()
    rows = [
        (
            receipt["receipt"],
            words.purpose_words(receipt["purpose"]),
            receipt["gallery"],
            receipt["given_at"][:10],
            (receipt["withdrawn_at"] or receipt["expires_at"] or "")[:10],
        )
        for receipt in content["receipts"]
    ]
    heads = [_(N_("Receipt")), _(N_("Purpose")), _(N_("Gallery")), _(N_("Given")), _(N_("Ends or ended"))]
    return element("section", element("h2", text(_(N_("Your consents")))), table(heads, rows))


def _searches(content: Mapping[str, Any]) -> Html:
    heading = element("h2", text(_(N_("Searches whose list of candidates you stood on"))))
    if not content["searches"]:
        return element("section", heading, element("p", text(_(N_("None.")))))
    rows = [
        (search["day"], words.purpose_words(search["purpose"]), search["licensed_in"], search["for_place"])
        for search in content["searches"]
    ]
    heads = [_(N_("Day")), _(N_("Purpose")), _(N_("By an organisation in")), _(N_("On behalf of a body in"))]
    note = N_(
        "A list of candidates names people who resemble somebody sought. It is a lead, and says nothing of who that is."
    )
    return element("section", heading, element("p", text(_(note)), class_="soft"), table(heads, rows))


def withheld(content: Mapping[str, Any]) -> Html:
    """What is not told, and by which rule."""
    items = [
        element(
            "li",
            text(_word(WITHHELD, entry["what"])),
            text(" "),
            element(
                "span", text(f"{entry['rule']}: {entry['authority']}, {entry['since']}"), class_="small soft"
            ),
        )
        for entry in content["withheld"]
    ]
    return element(
        "section", element("h2", text(_(N_("What is not in here, and why")))), element("ul", *items)
    )


def _rights(content: Mapping[str, Any]) -> Html:
    authorities = [
        element(
            "li", element("a", text(entry["name"]), href=entry["address"]), text(f" ({entry['address']})")
        )
        for entry in content["complain_to"]
    ]
    asks = N_(
        "You may ask for anything of this to be corrected or erased, withdraw a consent, object, or ask to be left out. It "
        "costs nothing, and nobody asks why. Write to the operator or to the holder named with each picture."
    )
    complain = N_("If you are not content with this answer, you may complain to:")
    return element(
        "section",
        element("h2", text(_(N_("What you can do")))),
        element("p", text(_(asks))),
        element("p", text(_(complain))) if authorities else join(),
        element("ul", *authorities) if authorities else join(),
    )


def _foot(content: Mapping[str, Any]) -> Html:
    proof = N_(
        "This page lies in a package with the same in a form for programs, the pictures, and SHA256SUMS over all of it. The "
        "receipt in the package names the SHA-256 of that list and proves that it is in the operator's log: "
        "python verifier.py statement receipt.json --key KEY, with the key that {operator} publishes."
    )
    return element("footer", element("p", text(say(proof, operator=content["operator"]))))


def render_found(found: OwnFaceFound) -> str:
    """Faces found by one's own face, beside it, for the person at the desk who says which are the requester's."""
    title = say(N_("Request {request}: is this the requester?"), request=found.request)
    cards = [
        element(
            "li",
            element("div", jpeg(face.crop, say(N_("Face {number}"), number=face.number)), class_="face"),
            element(
                "div",
                element("h3", text(str(face.number))),
                facts([(_(N_("Source")), face.source), (_(N_("Photograph")), face.photograph)]),
                class_="about",
            ),
            class_="card",
        )
        for face in found.faces
    ]
    told = N_(
        "Look at each face beside the requester's own picture, and confirm by its number only those that are theirs. All others "
        "are forgotten at once. Nothing of this page may leave the desk."
    )
    return document(
        language=spoken().value,
        title=title,
        style=style(),
        body=join(
            element(
                "header",
                element("p", text("Countenance"), class_="eyebrow"),
                element("h1", text(title)),
                element("div", element("p", text(_(told))), class_="notice", role="note"),
            ),
            element(
                "main",
                element(
                    "section",
                    element(
                        "div",
                        element("h2", text(_(N_("The requester's picture")))),
                        element("figure", jpeg(found.probe, _(N_("The requester's face"))), class_="probe"),
                        class_="aside",
                    ),
                    element(
                        "div",
                        element("h2", text(_(N_("Faces that were found")))),
                        element("ol", *cards, class_="cards")
                        if cards
                        else element("p", text(_(N_("Nothing was found.")))),
                    ),
                    class_="sheet",
                ),
            ),
        ),
    )
