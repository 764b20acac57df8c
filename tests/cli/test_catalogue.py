"""The French catalogue is whole, fresh, and says what the English says."""

from __future__ import annotations

import gettext
import io
import re

import messages

CATALOGUE = messages.held()
PAIRS = [pair for message in CATALOGUE if message.id for pair in messages.texts(message)]


def test_nothing_that_the_code_says_is_missing() -> None:
    assert list(messages.missing(messages.merged())) == []


def test_nothing_is_fuzzy_or_left_over() -> None:
    said = {message.id for message in messages.collect()}
    assert [message.id for message in CATALOGUE if message.fuzzy] == []
    assert [message.id for message in CATALOGUE if message.id not in said] == []


def test_compiled_catalogue_is_fresh() -> None:
    assert messages.MO.read_bytes() == messages.compiled(CATALOGUE)


def test_python_reads_it_with_both_forms() -> None:
    french = gettext.GNUTranslations(io.BytesIO(messages.MO.read_bytes()))
    one, many = "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."
    assert french.ngettext(one, many, 1) != french.ngettext(one, many, 2)
    assert french.gettext("Show this message and exit.") != "Show this message and exit."


def test_a_sentence_has_the_same_fields_and_the_same_end() -> None:
    for english, french in PAIRS:
        assert messages.fields(english) == messages.fields(french), french
        assert french.endswith((".", "?")) == english.endswith((".", "?")), french


def test_french_typography() -> None:
    """A space that does not break before : ; ! ? and inside guillemets; never straight double quotes."""
    for english, french in PAIRS:
        bare = re.sub(r"\{[^}]*\}|\w+://\S*|-?\d*:\d*|countenance log verify.*", "", french)
        assert not re.search(r"[^\u00a0\s:][;!?](\s|$)|[^\u00a0:]»|«[^\u00a0]", bare), french
        assert not re.search(r" [:;!?»]", french), french
        assert '"' not in french or '"' in english, french
