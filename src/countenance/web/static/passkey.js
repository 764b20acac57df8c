// A passkey is asked of the browser; its answer goes with the form. Without it there are the codes.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) continue;
  const making = form.dataset.passkey === "make", answer = form.elements.answer;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    const options = JSON.parse(form.dataset.options), said = form.querySelector("[role=status]");
    said.textContent = "";
    try {
      const given = making
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      answer.value = JSON.stringify(given.toJSON());
      form.requestSubmit();
    } catch {
      said.textContent = form.dataset.failed;
    }
  });
}
