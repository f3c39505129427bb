/* clinic.confirm(text) and clinic.notice(text): promises. A form with data-confirm asks before it is sent;
   data-yes names the button that goes on, data-danger paints it red. */
window.clinic = window.clinic || {};
(() => {
  function ask(dialog, text, yes, isDanger) {
    dialog.querySelector("p").textContent = text;
    const go = dialog.querySelector("[value=yes]");
    if (go) {
      go.textContent = yes ?? "Yes, continue";
      go.classList.toggle("btn-danger", Boolean(isDanger));
      go.classList.toggle("btn-primary", !isDanger);
    }
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("[data-autofocus]")?.focus();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  clinic.confirm = (text, yes, isDanger) => ask(document.getElementById("c-confirm"), text, yes, isDanger);
  clinic.notice = (text) => ask(document.getElementById("c-notice"), text);
  clinic.csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  // htmx, where a page loads it, must prove that the request comes from our page.
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = clinic.csrf();
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    if (await clinic.confirm(form.dataset.confirm, form.dataset.yes, "danger" in form.dataset)) {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    }
  });
})();
