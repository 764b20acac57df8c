// While an ingest is under way its rows are fetched again every few seconds, and put in the place of the old ones.
// Without it the page has a link that looks again. It stops when nothing is under way, and while the page is not looked at.
"use strict";
(() => {
  const rows = document.querySelector("[data-live]");
  if (!rows) return;
  const again = async () => {
    if (document.hidden || rows.contains(document.activeElement)) return;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rows");
    if (!fresh) return;
    rows.replaceChildren(...fresh.childNodes);
    if (!("live" in fresh.dataset)) clearInterval(clock);
  };
  const clock = setInterval(() => again().catch(() => {}), 3000);
})();
