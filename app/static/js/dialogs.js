/* clinic.confirm(text) and clinic.notice(text): promises. A form with data-confirm asks before it is sent. */
window.clinic = window.clinic || {};
(() => {
  function ask(dialog, text) {
    dialog.querySelector("p").textContent = text;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("[data-autofocus]")?.focus();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  clinic.confirm = (text) => ask(document.getElementById("c-confirm"), text);
  clinic.notice = (text) => ask(document.getElementById("c-notice"), text);
  clinic.csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    if (await clinic.confirm(form.dataset.confirm)) {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    }
  });
})();
