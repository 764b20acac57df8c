// Size, brightness and place of the pictures of a comparison, all together. Without it the pictures are there all the same.
"use strict";
for (const place of document.querySelectorAll("[data-compare]")) {
  const tools = document.querySelector("[data-compare-tools]");
  if (!tools) continue;
  tools.hidden = false;
  let x = 0, y = 0, from = null;
  const show = () => {
    place.style.setProperty("--zoom", tools.elements.zoom.value / 100);
    place.style.setProperty("--light", tools.elements.light.value / 100);
    place.style.setProperty("--x", `${x}px`);
    place.style.setProperty("--y", `${y}px`);
  };
  tools.addEventListener("input", show);
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => { x = y = 0; setTimeout(show); });
  for (const pane of place.querySelectorAll(".pane")) {
    pane.tabIndex = 0;
    pane.addEventListener("pointerdown", (event) => { from = [event.clientX - x, event.clientY - y]; pane.setPointerCapture(event.pointerId); });
    pane.addEventListener("pointermove", (event) => { if (from) { x = event.clientX - from[0]; y = event.clientY - from[1]; show(); } });
    pane.addEventListener("pointerup", () => { from = null; });
    pane.addEventListener("pointercancel", () => { from = null; });
    pane.addEventListener("dragstart", (event) => event.preventDefault());
    pane.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[event.key];
      if (!step) return;
      event.preventDefault();
      x += step[0];
      y += step[1];
      show();
    });
  }
  show();
}
