// Keys for the answers of a review: 1 2 3 N Z ?, which the reader may change or switch off (WCAG 2.2, 2.1.4).
// The browser keeps the choice. A key chooses; nothing is sealed before the form is sent.
"use strict";
(() => {
  const form = document.querySelector("[data-review]"), box = document.querySelector("[data-keys]");
  if (!form || !box) return;
  const FIRST = { "-2": "1", "0": "2", "+2": "3", unsuitable: "n", undo: "z", help: "?" };
  const read = () => { try { return JSON.parse(localStorage.getItem("keys")) || {}; } catch { return {}; } };
  let held = { on: true, ...read() };
  const keys = () => ({ ...FIRST, ...(held.keys || {}) });
  const keep = () => { try { localStorage.setItem("keys", JSON.stringify(held)); } catch { /* kept for this page alone */ } };
  box.hidden = false;
  const on = box.querySelector("[data-keys-on]");
  on.checked = held.on;
  on.addEventListener("change", () => { held.on = on.checked; keep(); });
  for (const input of box.querySelectorAll("[data-key]")) {
    input.value = keys()[input.dataset.key];
    input.addEventListener("change", () => {
      held.keys = { ...(held.keys || {}), [input.dataset.key]: input.value.toLowerCase() };
      keep();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typed = event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (!held.on || typed || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = Object.entries(keys()).find(([, key]) => key && key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    const [answer] = found;
    if (answer === "help") { box.open = !box.open; return; }
    for (const radio of form.querySelectorAll("input[name=verdict]")) radio.checked = radio.value === answer;
    const chosen = form.querySelector("input[name=verdict]:checked");
    if (chosen) chosen.focus();
  });
})();
