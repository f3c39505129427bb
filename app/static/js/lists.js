/* Lists: choose rows, act on them, delete one. Every change is a POST of a real form, after a question. */
(() => {
  const boxes = () => [...document.querySelectorAll("input.action_check")];

  function mark() {
    const chosen = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.closest("tr")?.classList.toggle("success", box.checked);
    for (const all of document.querySelectorAll("input.action_check_all")) {
      all.checked = chosen.length > 0 && chosen.length === boxes().length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("input.action_check_all")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.matches("input.action_check, input.action_check_all")) mark();
  });

  async function act(button) {
    const chosen = boxes().filter((box) => box.checked);
    if (!chosen.length) {
      await clinic.notice("Please choose at least one row first.");
      return;
    }
    if (button.dataset.ask && !(await clinic.confirm(button.dataset.ask))) return;
    const form = document.getElementById("action_form");
    form.elements.action.value = button.dataset.rowAction;
    for (const old of form.querySelectorAll("input[name=rowid]")) old.remove();
    for (const box of chosen) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "rowid", value: box.value }));
    }
    form.submit();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-action]");
    if (button) act(button);
  });

  mark();
})();
