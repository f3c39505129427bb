/* The search panel of lists, and date fields. Flask-AppBuilder describes each filter in JSON; we draw native controls. */
window.clinic = window.clinic || {};
(() => {
  const element = (name, properties) => Object.assign(document.createElement(name), properties);

  /* Flask-AppBuilder's date pickers become the browser's own; the server still receives "YYYY-MM-DD HH:MM:SS". */
  clinic.dates = (root) => {
    for (const input of root.querySelectorAll(".appbuilder_date input, .appbuilder_datetime input")) {
      const withTime = input.closest(".appbuilder_datetime") !== null;
      input.closest(".input-group").querySelector(".input-group-addon")?.remove();
      input.closest(".input-group").classList.remove("input-group", "appbuilder_date", "appbuilder_datetime");
      if (!withTime) input.type = "date";
      else {
        const sent = element("input", { type: "hidden", name: input.name, value: input.value });
        sent.className = input.className;
        input.classList.remove("filter_val");
        input.removeAttribute("name");
        const value = input.value.replace(" ", "T").slice(0, 19);
        Object.assign(input, { type: "datetime-local", step: 1, value });
        input.addEventListener("change", () => {
          const text = input.value.replace("T", " ");
          sent.value = text.length === 16 ? `${text}:00` : text;
        });
        input.after(sent);
      }
    }
  };

  class Filters {
    constructor(form) {
      this.form = form;
      Object.assign(this, JSON.parse(form.querySelector("script").textContent));
      this.rows = form.querySelector(".c-filters");
      this.adder = form.querySelector("[data-add-filter]");
      this.adder.addEventListener("change", () => {
        if (this.adder.value) this.add(this.adder.value, 0, "").querySelector("input, select, textarea").focus();
        this.adder.value = "";
      });
      for (const [column, name, value] of this.active) {
        for (const one of [value].flat()) this.add(column, Math.max(0, this.filters[column].indexOf(name)), one);
      }
    }

    add(column, at, value) {
      const row = element("li");
      const title = element("strong", { textContent: this.labels[column] });
      const how = element("select", { className: "form-control" });
      how.setAttribute("aria-label", `How to compare ${this.labels[column]}`);
      how.append(...this.filters[column].map((name, index) => new Option(name, index, index === at, index === at)));
      const cell = element("div");
      cell.innerHTML = this.fields[column];
      const remove = element("button", { type: "button", className: "btn btn-quiet btn-sm", textContent: "Remove" });
      remove.setAttribute("aria-label", `Remove the filter ${this.labels[column]}`);
      remove.addEventListener("click", () => {
        row.remove();
        this.adder.focus();
      });
      row.append(title, how, cell, remove);
      this.rows.append(row);
      this.wire(cell, column, how, value);
      return cell;
    }

    wire(cell, column, how, value) {
      const control = cell.querySelector("input, select, textarea");
      control.classList.add("filter_val");
      control.removeAttribute("id");
      control.required = false;
      control.setAttribute("aria-label", this.labels[column]);
      control.placeholder = "";
      if (control.type === "checkbox") control.checked = [true, "True", "y", "1"].includes(value);
      else control.value = value;
      if (control.tagName === "SELECT" && control.value !== value) control.selectedIndex = value ? -1 : 0;
      const rename = () => {
        cell.querySelector(".filter_val").name = `_flt_${how.value}_${column}`;
      };
      rename();
      clinic.dates(cell);
      clinic.comboboxes(cell);
      how.addEventListener("change", rename);
    }
  }

  for (const form of document.querySelectorAll("form[data-filters]")) new Filters(form);
  clinic.dates(document);
})();
