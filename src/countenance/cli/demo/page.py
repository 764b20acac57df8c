"""`render_page`: the demonstration on one page, made to be looked at."""

from __future__ import annotations

from countenance.cli.demo import cast, texts
from countenance.cli.demo.look import RULES
from countenance.cli.demo.stage import RefusalWords
from countenance.cli.demo.story import Story
from countenance.cli.demo.strips import strip_of
from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, document, element, join, jpeg, text
from countenance.cli.sheet.parts import facts, statement
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_


def render_page(story: Story) -> str:
    """The page, in the language spoken now."""
    title = _(N_("A face search that can only be used with permission"))
    body = join(
        _head(title, story),
        element(
            "main",
            _people(story),
            _searches(story),
            _refusals(story),
            _not_found(story),
            _leaving(story),
            _log(story),
        ),
        _foot(story),
    )
    return document(language=spoken().value, title=f"{title} - Countenance", style=style(RULES), body=body)


def _head(title: str, story: Story) -> Html:
    taken, searches = story.taken.result, len(story.searches) + len(story.not_found) + 1
    counts = (
        (sum(taken.photographs.values()), N_("photographs looked at")),
        (taken.references, N_("references, each with a receipt")),
        (searches, N_("searches made")),
        (story.exported.size, N_("entries in the log")),
    )
    return element(
        "header",
        element("p", text(_(N_("Countenance, a demonstration"))), class_="eyebrow"),
        element("h1", text(title)),
        element(
            "p",
            text(
                _(
                    N_(
                        "Ten synthetic people, nobody of flesh and blood. Eight of them agreed to be found, and only they "
                        "can be. This page shows what a caseworker saw, and what the system would not do."
                    )
                )
            ),
            class_="lede",
        ),
        element(
            "ul",
            *(
                element(
                    "li",
                    element("strong", text(words.whole_number(count)), class_="serif"),
                    text(f" {_(what)}"),
                )
                for count, what in counts
            ),
            class_="counts",
        ),
        statement(),
    )


def _section(title: str, why: str, *parts: Html) -> Html:
    return element("section", element("h2", text(title)), element("p", text(why), class_="soft"), *parts)


def _people(story: Story) -> Html:
    """Ten frames; those of people who are not held stay empty."""
    faces = {made.sought: made.answer.candidates[0] for made in story.searches if made.found}
    why = {
        cast.WITHDREW: _(N_("withdrew before")),
        cast.NEVER: _(N_("never agreed")),
        cast.LEAVES: _(N_("agreed, then left")),
    }
    tiles = []
    for person in cast.PEOPLE:
        shown = faces.get(person) if person not in why else None
        picture = (
            jpeg(shown.crop, say(N_("A reference of {person}"), person=person))
            if shown
            else element("div", text(_(N_("no reference"))), class_="frame")
        )
        tiles.append(
            element(
                "li",
                picture,
                element("strong", text(person), class_="serif"),
                text(" "),
                element("span", text(why.get(person) or _(N_("agreed"))), class_="small soft"),
                class_="tile",
            )
        )
    title, reason = texts.STEPS["consent"]
    return _section(_(title), _(reason), element("ul", *tiles, class_="tiles"))


def _searches(story: Story) -> Html:
    rows = [strip_of(made) for made in story.searches if made.sought != cast.LEAVES]
    legend = _(
        N_(
            "Under each face: among how many comparisons of two different people one scores as high, in the pack's "
            "calibration; then the comparison score itself. These lists come from a gallery of a few references: people "
            "who look alike stand on them too."
        )
    )
    title, why = texts.STEPS["searches"]
    return _section(
        _(title),
        _(why),
        *rows,
        element("p", text(legend), class_="small soft legend"),
    )


def _refusals(story: Story) -> Html:
    enrolments = [
        (say(N_("Enrolling {person}"), person=person), refusal)
        for person, refusal in story.refused_enrolments.items()
    ]
    cards = [_refusal(what, refusal) for what, refusal in enrolments]
    cards += [_refusal(tried.what.rstrip("."), tried.refusal) for tried in story.refused_searches]
    return _section(
        _(N_("Four refusals")),
        _(N_("Each names its rule, what the rule rests on, and since when.")),
        element("ul", *cards, class_="refusals"),
    )


def _refusal(what: str, refusal: RefusalWords) -> Html:
    return element(
        "li",
        element("div", element("h3", text(what)), element("p", text(refusal.sentence), class_="said")),
        facts(
            [
                (_(N_("Reason")), refusal.reason),
                (_(N_("Rule")), refusal.rule),
                (_(N_("Authority")), refusal.authority),
                (_(N_("Since")), refusal.since),
            ]
        ),
        class_="refusal",
    )


def _not_found(story: Story) -> Html:
    title, why = texts.STEPS["not-found"]
    return _section(_(title), _(why), *(strip_of(made) for made in story.not_found))


def _leaving(story: Story) -> Html:
    title, why = texts.STEPS["withdrawal"]
    leaving = story.leaving
    receipt = element(
        "p",
        text(say(N_("{person} gives the code of the receipt:"), person=leaving.before.sought) + " "),
        element("strong", text(leaving.receipt), class_="code"),
        class_="receipt",
    )
    return _section(
        _(title),
        _(why),
        strip_of(leaving.before, _(N_("Before"))),
        receipt,
        strip_of(leaving.after, _(N_("After"))),
    )


def _log(story: Story) -> Html:
    exported, changed = story.exported, story.changed
    (title, why), (_title, suppose) = texts.STEPS["log"], texts.STEPS["changed-log"]
    place = changed.place
    leaf = element(
        "p",
        text(changed.after[:place]),
        element("mark", text(changed.after[place])),
        text(changed.after[place + 1 :]),
        class_="code leaf",
    )
    original = say(N_("It was {digit} when it was logged."), digit=changed.before[place])
    return element(
        "section",
        element("h2", text(_(title))),
        element(
            "div",
            element(
                "div",
                element("p", text(_(why)), class_="soft"),
                element("p", text(exported.verdict.text), class_="code verdict"),
            ),
            element(
                "div",
                element("p", text(_(suppose)), class_="soft"),
                leaf,
                element("p", text(original), class_="small soft"),
                element("p", text(changed.verdict.text), class_="code verdict"),
            ),
            class_="pair",
        ),
    )


def _foot(story: Story) -> Html:
    said = say(
        N_(
            "Beside this page lie the photographs, a candidate sheet for each search (sheets), the exported log "
            "(log-export), its changed copy (log-changed) and the verifier. The people are those of openpeople {version}, "
            "MIT licence: generated pictures."
        ),
        version=story.people_version,
    )
    return element("footer", element("section", element("p", text(said))))
