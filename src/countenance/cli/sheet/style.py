"""The look of our pages: paper and ink, one accent, no colour that could be read as a verdict.

Contrast of every pair of text and ground is at least 4.5 : 1 in both schemes (WCAG 2.2, 1.4.3); a test computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#f6f4ee",
        "card": "#fffefb",
        "ink": "#1c1f24",
        "soft": "#565a61",
        "line": "#d8d3c6",
        "accent": "#23506e",
        "wash": "#e9edee",
        "mark": "#f0dfb2",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#15171a",
        "card": "#1e2125",
        "ink": "#e9e6de",
        "soft": "#b2b1ab",
        "line": "#3a3e44",
        "accent": "#a3c8e2",
        "wash": "#222b32",
        "mark": "#5a4a1c",
    }
)
TEXT_ON_GROUND = (
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "wash"),
    ("ink", "mark"),
    ("soft", "paper"),
    ("soft", "card"),
    ("soft", "wash"),
    ("accent", "paper"),
    ("accent", "card"),
    ("accent", "wash"),
)
"""Every pair of text and ground that the rules below use."""


def _colours(scheme: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in scheme.items())


_RULES = """
*,*::before,*::after{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:100%/1.5 "Source Sans 3","Segoe UI",system-ui,-apple-system,
"Liberation Sans",Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0}
main,header,footer{max-width:78rem;margin:0 auto;padding:0 clamp(1rem,3.5vw,2.75rem)}
header{padding-top:clamp(1.5rem,4vw,3rem)}
footer{padding-bottom:3rem;color:var(--soft);font-size:.875rem}
h1,h2,h3,.serif{font-family:Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4",Cambria,Georgia,
"Liberation Serif",serif;font-weight:600;line-height:1.2;text-wrap:balance}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,2.6rem);margin:.2em 0 .35em;letter-spacing:-.01em}
h2{font-size:1.375rem;margin:0 0 .6rem}
h3{font-size:1.125rem;margin:0}
p{margin:0 0 .75rem;max-width:44rem;text-wrap:pretty}
ul{margin:0;padding-left:1.15rem;max-width:44rem}
li{margin:0 0 .45rem}
.eyebrow{margin:0;color:var(--accent);font-size:.8125rem;font-weight:600;letter-spacing:.09em;text-transform:uppercase}
.lede{font-size:1.125rem;max-width:46rem}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.notice{margin:1.25rem 0 0;padding:.9rem 1.1rem;background:var(--wash);border-left:.25rem solid var(--accent);
border-radius:.15rem}
.notice p{margin:0;max-width:62rem}
.notice .serif{display:block;font-size:1.25rem;margin-bottom:.25rem}
section{margin-top:2.5rem}
img{display:block;max-width:100%;height:auto}
figure{margin:0}
dl{margin:0;display:grid;grid-template-columns:minmax(5.5rem,auto) 1fr;gap:.2rem .8rem;font-size:.875rem;line-height:1.4}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
code,.code{font-family:ui-monospace,"Cascadia Mono","Liberation Mono",Menlo,Consolas,monospace;font-size:.8125rem;
overflow-wrap:anywhere}
mark{background:var(--mark);color:var(--ink);padding:.05em .15em;border-radius:.15em;font-weight:700}
.sheet{display:grid;gap:2rem}
.probe img{width:min(100%,15rem);border-radius:.2rem;outline:1px solid var(--line)}
.probe figcaption{margin:.6rem 0 1rem}
.probes{display:flex;flex-wrap:wrap;gap:.75rem}
.probes img{width:9.5rem}
.cards{list-style:none;margin:0;padding:0;max-width:none;display:grid;gap:1rem;
grid-template-columns:repeat(auto-fill,minmax(min(100%,15.5rem),1fr))}
.card{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.3rem;overflow:hidden;display:flex;
flex-direction:column}
.card>.face{background:var(--wash);border-bottom:1px solid var(--line)}
.card>.face img{width:100%;aspect-ratio:1;object-fit:cover;object-position:50% 35%}
.card>.about{padding:.85rem 1rem 1rem;display:flex;flex-direction:column;gap:.6rem;flex:1}
.card .rank{color:var(--soft);font-weight:400;margin-right:.45rem}
.card h3{overflow-wrap:anywhere}
.card p{margin:0}
.card .statement{font-size:.9375rem;line-height:1.4}
.card .score{padding-top:.15rem}
.card dl{border-top:1px solid var(--line);padding-top:.6rem;margin-top:auto}
.empty{padding:1.5rem 1.25rem;border:1px dashed var(--soft);border-radius:.3rem;max-width:46rem}
.empty p:last-child{margin:0}
.limits{columns:2 22rem;column-gap:2.5rem;max-width:none}
.limits li{break-inside:avoid}
@media screen and (min-width:34rem) and (max-width:59.99rem){
.sheet>.aside{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:0 1.75rem;align-items:start}
.sheet>.aside h2{grid-column:1/-1}
}
@media screen and (min-width:60rem){
.sheet{grid-template-columns:17rem minmax(0,1fr);gap:2.75rem}
.sheet>.aside{position:sticky;top:1.5rem;align-self:start}
}
@media print{
:root{PRINT}
html{font-size:10pt;background:none}
header{padding-top:0}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
.sheet{display:block}
.sheet>.aside{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:0 1.5rem;margin-bottom:1.2rem;align-items:start}
.sheet>.aside h2{grid-column:1/-1}
.cards{grid-template-columns:1fr 1fr;gap:.6rem}
.card{flex-direction:row}
.card>.face{flex:0 0 36%;border:0}
.card>.face img{aspect-ratio:4/5}
.card>.about{padding:.6rem .7rem}
.card dl{grid-template-columns:minmax(4.5rem,auto) 1fr;gap:.1rem .5rem;font-size:.8rem}
.card,.search,.tile,.refusal,figure{break-inside:avoid}
h2,h3{break-after:avoid}
img,mark,.notice{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
@media (forced-colors:active){.notice,.card,.tile{border:1px solid}mark{outline:2px solid}}
"""


def style(more: str = "") -> str:
    """The style sheet of a page; `more`: rules of its own, put before those for paper."""
    rules, at, paper = _RULES.strip().replace("PRINT", _colours(LIGHT)).partition("@media print")
    schemes = (
        f":root{{color-scheme:light dark;{_colours(LIGHT)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}\n"
    )
    return f"{schemes}{rules}{more.strip()}\n{at}{paper}"
