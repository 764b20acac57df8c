"""The page of a disclosure: a search, told to the person it affected, in that person's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.access import MORE, table, withheld
from countenance.cli.sheet.html import Html, document, element, join, jpeg, text
from countenance.cli.sheet.parts import facts
from countenance.cli.sheet.report import FEATURES, FINDINGS, OUTCOMES
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.rights.disclosure import Disclosure

_MORE = ".held dl{align-content:start}header dl{margin-bottom:1rem}.own{margin-top:1rem}"

EDITS = {
    "orientation-applied": N_("turned upright, as the camera noted"),
    "face-chosen": N_("one face of it chosen"),
    "aligned": N_("turned and scaled so that the eyes lie at fixed places"),
    "centre-subtracted": N_("the model's common mean subtracted"),
    "averaged-with-mirror-image": N_("averaged with its mirror image"),
    "averaged-with-other-photographs": N_("averaged with the other photographs of the same search"),
}
NOTES = {
    "score-no-probability": N_(
        "A comparison score says how alike two pictures are to a model. It is no probability that two people are the same."
    ),
    "lead-no-identification": N_(
        "Who stands on such a list resembles somebody sought. That is a lead at most; it identifies nobody."
    ),
    "probe-before-unknown": N_(
        "What was done to the picture before it came here is not known here. Its SHA-256 names the very file that came."
    ),
}
WHY_NOT = {
    "other-model": N_("The search was made with another model, which is not in use any more."),
    "probe-gone": N_("The picture that was searched with was destroyed, as it had to be after its time."),
}


def render_disclosure(disclosure: Disclosure) -> str:
    """The page, in the language spoken now."""
    content, title = disclosure.content, _(N_("A search on whose list you stood"))
    notes = [element("p", text(_(NOTES[str(note)]))) for note in _each(content["notes"])]
    return document(
        language=spoken().value,
        title=f"{title} - {content['operator']}",
        style=style(MORE + _MORE),
        body=join(
            element("header", element("h1", text(title)), _search(content), *notes),
            element(
                "main",
                _probe(content, disclosure.pictures),
                _candidates(content, disclosure.pictures),
                _review(content),
                _contrary(content),
                _again(content),
                _model(content),
                withheld(content),
            ),
            element("footer", element("p", text(_(_PROOF)))),
        ),
    )


_PROOF = N_(
    "The receipt in the package names the SHA-256 of disclosure.json, which names each picture by its own, and proves that the "
    "operator's log holds it: python verifier.py statement receipt.json --key KEY."
)


def _search(content: Mapping[str, Any]) -> Html:
    search = content["search"]
    return facts(
        [
            (_(N_("Operator")), content["operator"]),
            (_(N_("Request")), content["request"]),
            (_(N_("Disclosure allowed by")), content["allowed_by"]),
            (_(N_("Searched on")), search["made_at"]),
            (_(N_("Purpose")), words.purpose_words(search["purpose"])),
            (_(N_("On behalf of a body in")), search["for_place"]),
            (_(N_("Gallery")), search["gallery"]),
            (
                _(N_("References compared")),
                say(N_("{searched} of {of}"), searched=search["searched"], of=search["of"]),
            ),
            (_(N_("Rules in force then")), search["policy"]),
        ]
    )


def _probe(content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Html:
    items = []
    for probe in content["probe"]:
        stem = f"probe-{probe['number']:02d}"
        shown = [
            jpeg(pictures[name], alt)
            for name, alt in (
                (f"{stem}-face.jpg", _(N_("The face that was searched with"))),
                (f"{stem}.jpg", _(N_("The picture it is from; other faces were destroyed"))),
            )
            if name in pictures
        ]
        about = facts(
            [
                ("SHA-256", probe["sha256"]),
                (_(N_("What was done to it here")), "; ".join(_(EDITS[edit]) for edit in probe["edits"])),
                (
                    _(N_("Quality")),
                    "; ".join(
                        _(words.QUALITY[reason]) for reason in probe["quality"] if reason in words.QUALITY
                    ),
                ),
            ]
        )
        items.append(element("li", element("div", *shown), about))
    return element(
        "section",
        element("h2", text(_(N_("What was searched with")))),
        element("ul", *items, class_="held"),
    )


def _candidates(content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Html:
    rows = [
        (
            each["rank"],
            _(N_("you")) if each["yours"] else _(N_("somebody else")),
            words.decimal(each["score"]),
            words.decimal(each["again"]["score"]) if each["again"] else _(N_("not held any more")),
            _(OUTCOMES[each["outcome"]]) if each["outcome"] else "",
            ", ".join(_scale(verdict) for verdict in each["verdicts"]),
        )
        for each in content["candidates"]
    ]
    heads = [
        _(N_("Rank")),
        _(N_("Who")),
        _(N_("Comparison score")),
        _(N_("Score made again")),
        _(N_("Outcome")),
        _(N_("Verdicts, -3 to +3")),
    ]
    floor = say(
        N_("Nobody below a comparison score of {floor} is listed."),
        floor=words.decimal(content["threshold"]["candidate_floor"]),
    )
    own = [
        jpeg(data, _(N_("Your face as it is held")), class_="own")
        for name, data in sorted(pictures.items())
        if name.startswith("face-")
    ]
    heading = element("h2", text(_(N_("The whole list"))))
    return element("section", heading, element("p", text(floor)), table(heads, rows), *own)


def _review(content: Mapping[str, Any]) -> Html:
    review, heading = content["review"], element("h2", text(_(N_("Who examined it"))))
    if review is None:
        return element("section", heading, element("p", text(_(N_("Nobody examined this list.")))))
    rows = [
        (each["examiner"], each["training"] or _(N_("none on record")), (each["finished_at"] or "")[:10])
        for each in review["examiners"]
    ]
    heads = [_(N_("Examiner")), _(N_("Training")), _(N_("Finished"))]
    outcome = _(OUTCOMES[review["outcome"]]) if review["outcome"] else _(N_("not concluded"))
    own = [
        _verdict(verdict) for each in content["candidates"] if each["yours"] for verdict in each["verdicts"]
    ]
    aside = say(N_("Examinations set aside: {count}"), count=review["set_aside"])
    return element(
        "section",
        heading,
        element("p", text(say(N_("Outcome: {outcome}"), outcome=outcome))),
        table(heads, rows),
        element("p", text(aside), class_="small soft"),
        element("ul", *own) if own else join(),
    )


def _verdict(verdict: Mapping[str, Any]) -> Html:
    """What one examiner said of the requester's own pair."""
    parts = [say(N_("Examiner {number}: {scale}"), number=verdict["examiner"], scale=_scale(verdict))]
    for finding, label in FINDINGS.items():
        found = [_(FEATURES[each["feature"]]) for each in verdict["features"] if each["finding"] == finding]
        if found:
            parts.append(f"{_(label)}: {', '.join(found)}")
    parts.append(verdict["note"])
    return element("li", text("; ".join(filter(None, parts))))


def _contrary(content: Mapping[str, Any]) -> Html:
    found = content["contrary"]
    return element(
        "section",
        element("h2", text(_(N_("What speaks against")))),
        facts(
            [
                (_(N_("Verdicts against, of your pair")), str(found["verdicts_against"])),
                (_(N_("Verdicts without an answer, of your pair")), str(found["verdicts_without_answer"])),
                (_(N_("Others ranked above you")), str(found["ranked_above"])),
                (_(N_("Others who were found to be leads")), str(found["other_leads"])),
                (
                    _(N_("Searches of the same case on whose lists you did not stand")),
                    say(
                        N_("{count} of {all}"),
                        count=found["searches_without_you"],
                        all=found["searches_of_the_case"],
                    ),
                ),
            ]
        ),
    )


def _again(content: Mapping[str, Any]) -> Html:
    again, heading = content["reproduction"], element("h2", text(_(N_("The search made again"))))
    if not again["done"]:
        sentence = WHY_NOT[again["why"]]
        return element("section", heading, element("p", text(_(sentence))))
    yes, no = _(N_("yes")), _(N_("no"))
    return element(
        "section",
        heading,
        facts(
            [
                (
                    _(N_("The sealed picture gives the sealed template")),
                    yes if again["template_made_again"] else no,
                ),
                (_(N_("Scores as recorded")), yes if again["same_scores"] else no),
                (_(N_("Order as recorded")), yes if again["same_order"] else no),
                (_(N_("Compared again")), str(again["compared"])),
                (_(N_("Not held any more")), str(again["gone"])),
                (_(N_("Difference allowed")), words.decimal(again["tolerance"])),
            ]
        ),
    )


def _model(content: Mapping[str, Any]) -> Html:
    model = content["model"]
    rows = [
        (role, entry["name"], entry["licence"], entry["training_data"], entry["sha256"])
        for role, entry in sorted(model["files"].items())
    ]
    heads = [_(N_("Part")), _(N_("File")), _(N_("Licence")), _(N_("Training data")), "SHA-256"]
    named = say(N_("{name}, version {version}"), name=model["name"], version=model["version"])
    return element(
        "section", element("h2", text(_(N_("Model")))), element("p", text(named)), table(heads, rows)
    )


def _scale(verdict: Mapping[str, Any]) -> str:
    return _(N_("unsuitable")) if verdict["scale"] is None else f"{verdict['scale']:+d}"


def _each(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
