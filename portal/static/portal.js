/* Small help on top of pages that work without it: questions before a change, one click only, offline notes. */
(() => {
  const messages = document.getElementById("messages");
  const dialog = document.getElementById("c-confirm");
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  function ask(text, yes) {
    dialog.querySelector("h2").textContent = text;
    dialog.querySelector("[value=yes]").textContent = yes ?? "Yes";
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("[data-autofocus]").focus();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  function show(id) {
    const note = document.getElementById(id).content.firstElementChild.cloneNode(true);
    messages.replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
    return note;
  }

  function setBusy(form, busy) {
    form.toggleAttribute("data-sent", busy);
    form.setAttribute("aria-busy", String(busy));
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopPropagation();
      const submitter = event.submitter;
      if (await ask(form.dataset.confirm, form.dataset.yes)) {
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter);
        delete form.dataset.confirmed;
      }
      return;
    }
    if (form.hasAttribute("data-sent")) event.preventDefault(); // a second tap must not send twice
    else if (!event.defaultPrevented) setBusy(form, true);
  }, true);

  // A page that the browser kept and shows again must accept a new try.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) setBusy(form, false);
  });

  document.body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) setBusy(form, false);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, () => show("c-trouble"));
  }
  // A refusal (409, 422) is a page part with the sentence why: show it like any other answer.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if ([409, 422].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else if (event.detail.isError) show("c-trouble");
  });

  let offline = null;
  addEventListener("offline", () => (offline = show("c-offline")));
  addEventListener("online", () => offline?.remove());

  document.querySelector('main [aria-invalid="true"]')?.focus();
  document.querySelector("[data-days] [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
})();
