/* A multiple <select> becomes a list of check boxes with a search box: permissions of a role, roles of a user.
   The <select> stays hidden in the form and is what the form sends. */
window.clinic = window.clinic || {};
(() => {
  const FEW = 8;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const element = (name, properties) => Object.assign(document.createElement(name), properties);

  // "can read on Patient" and "can write on Patient" belong together.
  const key = (option) => option.text.split(" on ").reverse().join(" ");

  function row(option) {
    const label = element("label");
    const box = element("input", { type: "checkbox", checked: option.selected });
    box.addEventListener("change", () => {
      option.selected = box.checked;
      option.parentElement.dispatchEvent(new Event("change", { bubbles: true }));
    });
    label.append(box, option.text.trim());
    return { label, box, words: plain(option.text) };
  }

  function build(select) {
    const options = [...select.options].filter((option) => option.value);
    const rows = options.sort((a, b) => key(a).localeCompare(key(b))).map(row);
    const root = element("div", { className: "c-picklist" });
    root.setAttribute("role", "group");
    const title = select.labels?.[0];
    if (title) {
      title.id ||= `${select.id}-label`;
      title.removeAttribute("for");
      root.setAttribute("aria-labelledby", title.id);
    }
    const describes = select.getAttribute("aria-describedby");
    if (describes) root.setAttribute("aria-describedby", describes);
    const list = element("div", { className: "c-picklist__list" });
    list.append(...rows.map((entry) => entry.label));
    if (rows.length > FEW) root.append(head(select, rows));
    root.append(list);
    select.hidden = true;
    select.before(root);
  }

  function head(select, rows) {
    const bar = element("div", { className: "c-picklist__head" });
    const search = element("input", { type: "search", className: "form-control", placeholder: "Search" });
    search.setAttribute("aria-label", "Search the list");
    const only = element("input", { type: "checkbox" });
    const onlyLabel = element("label");
    onlyLabel.append(only, "Only chosen");
    const tally = element("span", { className: "c-muted" });
    tally.setAttribute("role", "status");
    const refresh = () => {
      const wanted = plain(search.value.trim());
      for (const entry of rows) {
        entry.label.hidden = !entry.words.includes(wanted) || (only.checked && !entry.box.checked);
      }
      tally.textContent = `${rows.filter((entry) => entry.box.checked).length} of ${rows.length} chosen`;
    };
    search.addEventListener("input", refresh);
    search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    only.addEventListener("change", refresh);
    select.addEventListener("change", refresh);
    bar.append(search, onlyLabel, tally);
    refresh();
    return bar;
  }

  clinic.picklists = (root) => {
    for (const select of root.querySelectorAll("select.my_select2[multiple]:not([hidden])")) build(select);
  };
  clinic.picklists(document);
})();
