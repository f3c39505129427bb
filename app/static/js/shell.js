/* The frame: side bar on a phone, menus, folded groups that stay as they were left, messages, password reveal. */
(() => {
  const sidebar = document.querySelector("[data-sidebar]");
  const opener = document.querySelector("[data-sidebar-open]");
  const rest = () => document.querySelectorAll(".c-topbar, .c-main");

  function setSidebar(open) {
    sidebar.toggleAttribute("data-open", open);
    opener.setAttribute("aria-expanded", String(open));
    for (const part of rest()) part.inert = open;
    if (open) sidebar.querySelector("button, a").focus();
    else opener.focus();
  }

  if (sidebar && opener) {
    opener.setAttribute("role", "button");
    opener.setAttribute("aria-controls", "sidebar");
    opener.setAttribute("aria-expanded", "false");
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      setSidebar(true);
    });
    opener.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        setSidebar(true);
      }
    });
    for (const closer of document.querySelectorAll("[data-sidebar-close]")) {
      closer.addEventListener("click", () => setSidebar(false));
    }
    sidebar.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  function setMenu(menu, open) {
    menu.toggleAttribute("data-open", open);
    menu.querySelector("[aria-expanded]").setAttribute("aria-expanded", String(open));
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("[data-menu][data-open]")) {
      if (menu !== except) setMenu(menu, false);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-menu] > [aria-expanded]");
    const menu = event.target.closest("[data-menu]");
    closeMenus(menu);
    if (button) setMenu(menu, !menu.hasAttribute("data-open"));
    if (event.target.closest('[data-dismiss="alert"]')) event.target.closest(".alert").remove();
    if (event.target.closest("[data-back]")) history.back();
    if (event.target.closest("[data-print]")) print();
  });

  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("[data-menu]")));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("[data-menu][data-open]");
      if (menu) {
        setMenu(menu, false);
        menu.querySelector("[aria-expanded]").focus();
      } else if (sidebar?.hasAttribute("data-open")) setSidebar(false);
    }
    const menu = event.target.closest?.("[data-menu]");
    if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      if (!menu.hasAttribute("data-open")) setMenu(menu, true);
      const items = [...menu.querySelectorAll(".c-menu__item")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items.at((at + step + items.length) % items.length)?.focus();
    }
  });

  for (const fold of document.querySelectorAll("details[data-remember]")) {
    const key = `fold:${fold.dataset.remember}`;
    try {
      const kept = localStorage.getItem(key);
      if (kept && !fold.querySelector("[aria-current]")) fold.open = kept === "open";
      fold.addEventListener("toggle", () => localStorage.setItem(key, fold.open ? "open" : "closed"));
    } catch {
      fold.open = true; // no storage: every group stays open
    }
  }

  for (const button of document.querySelectorAll("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      button.setAttribute("aria-pressed", String(show));
      const use = button.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, show ? "#eye-off" : "#eye"));
      input.focus();
    });
    input.form.addEventListener("submit", () => (input.type = "password"));
  }

  // After a refused form: straight to the first field that needs attention.
  document.querySelector('main [aria-invalid="true"]:not([hidden])')?.focus();

  if (history.length > 1) {
    for (const button of document.querySelectorAll("[data-back]")) button.hidden = false;
  }
})();
