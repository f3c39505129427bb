/* EventCalendar marks its grid as a table but puts events beside the cells, which breaks a screen reader's table.
   clinic.repairCalendar(element) makes it a named group of events, and lets the keyboard scroll it. */
window.clinic = window.clinic || {};
(() => {
  const TABLE_PARTS = "[role=rowgroup], [role=row], [role=cell], [role=columnheader], [role=rowheader], [role=gridcell], [role=listitem]";

  function repair(element, label) {
    const root = element.matches(".ec") ? element : element.querySelector(".ec");
    if (!root) return;
    if (root.getAttribute("role") !== "group") {
      root.setAttribute("role", "group");
      root.setAttribute("aria-label", label);
    }
    for (const part of root.querySelectorAll(TABLE_PARTS)) {
      for (const name of ["role", "aria-colindex", "aria-rowindex", "aria-colspan", "aria-rowspan"]) part.removeAttribute(name);
    }
    for (const title of root.querySelectorAll("h4:not([role])")) title.setAttribute("role", "presentation");
    const main = root.querySelector(".ec-main");
    if (main && main.tabIndex !== 0) main.tabIndex = 0;
  }

  // Before the next frame: a screen reader never meets the page unrepaired.
  clinic.repairCalendar = (element, label = "Calendar") => {
    repair(element, label);
    new MutationObserver(() => repair(element, label)).observe(element, { childList: true, subtree: true });
  };
})();
