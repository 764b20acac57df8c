"""Rules of the demonstration's page, beside those that it shares with the sheet."""

RULES = """
.counts{list-style:none;padding:0;margin:1.25rem 0 0;display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;max-width:none}
.counts li{margin:0;color:var(--soft);font-size:.875rem}
.counts strong{display:block;font-size:1.9rem;color:var(--ink)}
.tiles,.strip,.refusals{list-style:none;margin:0;padding:0;max-width:none;display:grid}
.tiles li,.strip li,.refusals li{margin:0}
.tiles{grid-template-columns:repeat(auto-fill,minmax(6.25rem,1fr));gap:1rem .8rem;margin-top:1.1rem}
.tile strong,.tile>span,.strip strong,.strip>li>span{display:block;line-height:1.35}
.tile strong,.strip strong{margin-top:.35rem}
.tile img,.frame,.strip img{width:100%;aspect-ratio:4/5;object-fit:cover;object-position:50% 35%;border-radius:.2rem}
.frame{display:grid;place-content:center;text-align:center;padding:.4rem;border:1px dashed var(--soft);
color:var(--soft);font-size:.8125rem;line-height:1.3}
.search{display:grid;gap:1rem 1.75rem;padding:1.4rem 0;border-top:1px solid var(--line)}
.sought{display:flex;gap:1rem;align-items:flex-end}
.sought img{width:9.5rem;aspect-ratio:4/5;object-fit:cover;object-position:50% 35%;border-radius:.2rem;
outline:2px solid var(--accent);outline-offset:3px}
.sought figcaption span{display:block}
.strip{grid-template-columns:repeat(auto-fill,minmax(7.25rem,1fr));gap:1rem .9rem}
.strip .rank{color:var(--soft);font-weight:400;margin-right:.3rem}
.coverage{margin:.8rem 0 0}
.legend{margin-top:.25rem;padding-top:1rem;border-top:1px solid var(--line);max-width:none}
.nobody{margin:0;display:grid;place-content:center;min-height:9rem;text-align:center}
.refusals{gap:.8rem;margin-top:1.1rem}
.refusal{background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:1.05rem 1.2rem 1.15rem;
display:grid;gap:.8rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
.refusal .said{margin:.45rem 0 0}
.receipt{margin:0 0 1.4rem;padding:.75rem 1.1rem;background:var(--wash);border-radius:.2rem;max-width:none}
.receipt .code{font-size:1rem;white-space:nowrap}
.pair{display:grid;gap:1.5rem 2.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.leaf,.verdict{max-width:none;white-space:pre-wrap;overflow-wrap:anywhere;padding:.85rem 1rem;background:var(--card);
border:1px solid var(--line);border-radius:.2rem;line-height:1.5}
.leaf{margin-bottom:.35rem}
.verdict{border-left:.25rem solid var(--accent)}
@media (min-width:48rem){
.search{grid-template-columns:9.5rem minmax(0,1fr)}
.sought{display:block}
.sought figcaption{margin-top:.6rem}
.strip{grid-template-columns:repeat(auto-fill,minmax(8.25rem,9.5rem))}
}
@media print{
.search{grid-template-columns:7rem minmax(0,1fr);padding:.8rem 0}
.sought{display:block}
.sought img{width:7rem}
.strip{grid-template-columns:repeat(5,1fr)}
.tiles{grid-template-columns:repeat(10,1fr);gap:.5rem}
.nobody{min-height:6rem}
}
"""
