// One key for what a page offers most, which the reader may change or switch off (WCAG 2.2, 2.1.4). The browser keeps the choice.
// Each `data-key` input of the box names an errand: its first key, what it does (choose, press, undo, help), and at which element.
"use strict";
(() => {
  const box = document.querySelector("[data-keys]");
  if (!box) return;
  const errands = [...box.querySelectorAll("[data-key]")];
  const read = () => { try { return JSON.parse(localStorage.getItem("keys")) || {}; } catch { return {}; } };
  const held = { on: true, keys: {}, ...read() };
  const keep = () => { try { localStorage.setItem("keys", JSON.stringify(held)); } catch { /* kept for this page alone */ } };
  const keyOf = (errand) => held.keys[errand.dataset.key] ?? errand.dataset.first;
  box.hidden = false;
  const on = box.querySelector("[data-keys-on]");
  on.checked = held.on;
  on.addEventListener("change", () => { held.on = on.checked; keep(); });
  for (const errand of errands) {
    errand.value = keyOf(errand);
    errand.addEventListener("change", () => { held.keys[errand.dataset.key] = errand.value.toLowerCase(); keep(); });
  }
  const does = {
    choose: (at) => { at.checked = true; at.focus(); },
    press: (at) => at.click(),
    undo: (at) => {
      const chosen = document.querySelector("input[name=verdict]:checked");
      if (chosen) chosen.checked = false;
      else at.click();
    },
    help: () => { box.open = !box.open; },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (!held.on || typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const errand = errands.find((each) => keyOf(each) && keyOf(each) === event.key.toLowerCase());
    if (!errand) return;
    event.preventDefault();
    does[errand.dataset.does](errand.dataset.at && document.querySelector(errand.dataset.at));
  });
})();
