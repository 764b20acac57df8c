"""The documentation as a site: one build a language, so that each page says which language it is in.

`make site` builds both into build/site. The pages read the same in the checkout: what only the site wants is added here.
"""

import re
from pathlib import Path
from posixpath import normpath, relpath
from typing import Any

HERE = Path(__file__).parent
FRENCH = ("fr", "how-to/fr/", "packs/fr/")
"""Pages in French: the front page, and the folders of how-tos and of packs."""

GROUPS = {
    "en": [("How-to", "how-to"), ("Reference", ""), ("Packs of rules", "packs"), ("Decisions", "adr")],
    "fr": [("Guides", "how-to/fr"), ("Ensembles de règles", "packs/fr")],
}
"""The parts of the navigation: title, folder."""

project = "Countenance"
copyright = "The Countenance maintainers, Apache-2.0"  # noqa: A001 - the name Sphinx asks for
html_title = "Countenance"
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
templates_path = ["site"]
html_static_path = ["site/site.css"]
html_css_files = ["site.css"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "language.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
extensions = ["myst_parser"]
myst_heading_anchors = 4
# A page of the other build: its address, as it stands beside this one.
myst_url_schemes = {"http": None, "https": None, "mailto": None, "beside": {"url": "{{path}}#{{fragment}}"}}
exclude_patterns = ["conf.py"]
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^):#\s]+)(?P<anchor>#[^)\s]*)?\)")


def is_french(page: str) -> bool:
    """Whether the page (its path in docs, without the ending) is in French."""
    return page == FRENCH[0] or page.startswith(FRENCH[1:])


def pages() -> list[str]:
    """All pages of both languages: paths in docs, without the ending."""
    return sorted(str(path.relative_to(HERE).with_suffix("")) for path in HERE.rglob("*.md"))


def choose(_app: Any, config: Any) -> None:
    """Leave the other language out of this build."""
    french = config.language == "fr"
    config.root_doc = "fr" if french else "index"
    config.exclude_patterns += [f"{page}.md" for page in pages() if is_french(page) != french]


def links(app: Any, page: str, source: list[str]) -> None:
    """Links to pages of the other language lead into its build, and those out of this folder are text; the front page
    lists the pages of its language.
    """

    def lead(found: re.Match[str]) -> str:
        target = normpath(f"{page}/../{found['target']}").removesuffix(".md")
        if target.startswith("../"):
            return found["text"]
        if is_french(target) == is_french(page) or not (HERE / f"{target}.md").exists():
            return found[0]
        there = relpath(f"/{'fr' if is_french(target) else 'en'}/{target}.html", f"/x/{page}/..")
        return f"[{found['text']}](beside:{there}{found['anchor'] or '#'})"

    source[0] = _LINK.sub(lead, source[0])
    if page == app.config.root_doc:
        source[0] += "".join(_listed(title, folder, page) for title, folder in GROUPS[app.config.language])


def _listed(title: str, folder: str, front: str) -> str:
    """The pages that stand in `folder` itself, as a part of the navigation."""
    found = [page for page in pages() if page.rpartition("/")[0] == folder]
    shown = [page for page in found if page != front and is_french(page) == is_french(front)]
    return "\n".join(["", "```{toctree}", ":hidden:", f":caption: {title}", "", *shown, "```", ""])


def other(app: Any, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Each page leads to the front page of the other language."""
    french = app.config.language == "fr"
    context["other_lang"], context["other_name"], front = (
        ("en", "English", "index") if french else ("fr", "Français", "fr")
    )
    context["other_page"] = relpath(f"/{context['other_lang']}/{front}.html", f"/x/{page}/..")


def setup(app: Any) -> dict[str, bool]:
    """Sphinx's way in."""
    app.connect("config-inited", choose, priority=100)
    app.connect("source-read", links)
    app.connect("html-page-context", other)
    return {"parallel_read_safe": True}
