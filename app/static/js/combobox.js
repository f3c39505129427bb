/* Type-ahead over a <select>: long lists of the page, or a server's answers as you type.
   <select class="js-remote-select" data-endpoint="/api/v1/lookup/patient"> asks GET endpoint?q=... which answers
   {"results": [{"id", "text"}]}. The <select> stays and is what the form sends. */
window.clinic = window.clinic || {};
(() => {
  const LONG = 12;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let count = 0;

  class Combobox {
    constructor(select) {
      this.select = select;
      this.endpoint = select.dataset.endpoint;
      this.id = select.id || `combo-${(count += 1)}`;
      this.active = -1;
      this.found = [];
      this.build();
      this.show();
    }

    build() {
      const { select } = this;
      this.box = document.createElement("div");
      this.box.className = "c-combo";
      this.input = document.createElement("input");
      Object.assign(this.input, { type: "text", id: `${this.id}-text`, autocomplete: "off" });
      this.input.className = "form-control";
      this.input.placeholder = select.dataset.placeholder && this.endpoint ? select.dataset.placeholder : "Type to search";
      this.list = document.createElement("ul");
      this.list.className = "c-combo__list";
      this.list.id = `${this.id}-list`;
      this.list.hidden = true;
      this.list.setAttribute("role", "listbox");
      this.status = document.createElement("span");
      this.status.className = "c-visually-hidden";
      this.status.setAttribute("role", "status");
      const wiring = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
      for (const [name, value] of Object.entries(wiring)) this.input.setAttribute(name, value);
      for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
        if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
      }
      const label = select.labels?.[0];
      if (label) label.htmlFor = this.input.id;
      this.list.setAttribute("aria-label", "Choices");
      select.before(this.box);
      this.box.append(this.input, this.list, this.status, select);
      select.hidden = true;
      this.listen();
    }

    listen() {
      this.input.addEventListener("input", () => this.search());
      this.input.addEventListener("click", () => this.list.hidden && this.search());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.input.addEventListener("blur", () => this.leave());
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[role=option]");
        if (option) this.choose(Number(option.dataset.at));
      });
      this.select.addEventListener("change", () => this.show());
    }

    show() {
      this.input.value = this.select.value ? this.select.selectedOptions[0].text.trim() : "";
    }

    search() {
      const words = this.input.value.trim();
      const unchanged = this.select.value && words === this.select.selectedOptions[0].text.trim();
      if (this.endpoint) this.ask(unchanged ? "" : words);
      else {
        const wanted = unchanged ? "" : plain(words);
        const options = [...this.select.options].filter((option) => option.value && plain(option.text).includes(wanted));
        this.open(options.slice(0, 200).map((option) => ({ id: option.value, text: option.text.trim() })));
      }
    }

    ask(words) {
      clearTimeout(this.timer);
      this.timer = setTimeout(async () => {
        this.request?.abort();
        this.request = new AbortController();
        try {
          const url = new URL(this.endpoint, location.href);
          url.searchParams.set("q", words);
          const answer = await fetch(url, { signal: this.request.signal, headers: { Accept: "application/json" } });
          const found = await answer.json();
          // A refusal is a sentence too, such as "Please type at least three letters."
          this.open(found.results ?? [], answer.ok ? undefined : found.message);
        } catch (error) {
          if (error.name !== "AbortError") this.open([], "The search did not answer. Please try again.");
        }
      }, 160);
    }

    open(found, note) {
      this.found = found;
      this.active = found.length ? 0 : -1;
      this.list.replaceChildren(
        ...found.map((entry, at) => {
          const option = document.createElement("li");
          option.className = "c-combo__option";
          option.id = `${this.list.id}-${at}`;
          option.dataset.at = at;
          option.setAttribute("role", "option");
          option.textContent = entry.text;
          return option;
        }),
      );
      const words = note ?? (found.length ? `${found.length} found` : "Nothing found");
      this.status.textContent = words;
      if (!found.length) {
        const line = document.createElement("li");
        line.className = "c-combo__note";
        line.setAttribute("role", "option");
        line.setAttribute("aria-disabled", "true");
        line.textContent = words;
        this.list.append(line);
      }
      this.setOpen(true);
      this.mark();
    }

    setOpen(open) {
      this.list.hidden = !open;
      this.input.setAttribute("aria-expanded", String(open));
      if (!open) this.input.removeAttribute("aria-activedescendant");
    }

    mark() {
      [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.active)));
      const option = this.list.children[this.active];
      if (!option || this.active < 0) return;
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }

    key(event) {
      const { key } = event;
      const isOpen = !this.list.hidden;
      if (key === "ArrowDown" || key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen) this.search();
        else if (this.found.length) {
          this.active = (this.active + (key === "ArrowDown" ? 1 : -1) + this.found.length) % this.found.length;
          this.mark();
        }
      } else if (key === "Enter" && isOpen) {
        event.preventDefault();
        if (this.active >= 0) this.choose(this.active);
      } else if (key === "Escape" && isOpen) {
        event.stopPropagation();
        this.show();
        this.setOpen(false);
      }
    }

    choose(at) {
      const { id, text } = this.found[at];
      if (this.endpoint) this.select.replaceChildren(new Option(text, id, true, true));
      this.select.value = id;
      this.setOpen(false);
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    leave() {
      this.setOpen(false);
      clearTimeout(this.timer);
      if (this.input.value.trim() || !this.select.value) this.show();
      else this.clear();
    }

    clear() {
      if (this.endpoint) this.select.replaceChildren(new Option("", "", true, true));
      else this.select.value = "";
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  clinic.comboboxes = (root) => {
    for (const select of root.querySelectorAll("select.js-remote-select, select.my_select2:not([multiple])")) {
      if (select.closest(".c-combo")) continue;
      if (select.dataset.endpoint || select.options.length > LONG) new Combobox(select);
    }
  };
  clinic.comboboxes(document);
})();
