/* Runs in the head, before the first paint: applies the theme that this person chose, else the system's.
   The choice is kept in localStorage as "light" or "dark"; no choice means follow the system. */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const sheet = document.querySelector("link[data-dark]");

  function chosen() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // a browser that forbids storage simply follows the system
    }
  }

  function isDark() {
    const theme = chosen();
    return theme ? theme === "dark" : system.matches;
  }

  function apply() {
    const theme = chosen();
    sheet.media = theme ? (theme === "dark" ? "all" : "not all") : "(prefers-color-scheme: dark)";
    root.dataset.themeNow = isDark() ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-pressed", String(isDark()));
    }
    document.dispatchEvent(new CustomEvent("themechange", { detail: { dark: isDark() } }));
  }

  function toggle() {
    const next = isDark() ? "light" : "dark";
    try {
      const isSystem = (next === "dark") === system.matches;
      if (isSystem) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      return;
    }
    apply();
  }

  root.dataset.js = "";
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === "theme" && apply());
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) toggle();
  });
})();
