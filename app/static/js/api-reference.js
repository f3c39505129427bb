/* The page of the HTTP interface: one group per tag, one fold per operation, drawn from the OpenAPI description. */
(() => {
  const METHODS = { get: "info", post: "ok", put: "warn", patch: "warn", delete: "bad" };

  function make(name, className, ...children) {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  function resolve(spec, value) {
    if (!value?.$ref) return value;
    return value.$ref.slice(2).split("/").reduce((at, key) => at?.[key], spec) ?? value;
  }

  const json = (value) => {
    const block = make("pre", "", JSON.stringify(value, null, 2));
    block.tabIndex = 0;
    return block;
  };

  function parameters(spec, list) {
    if (!list?.length) return null;
    const rows = list.map((entry) => resolve(spec, entry)).map((p) => {
      const code = make("td", "", make("code", "", p.name ?? ""));
      return make("tr", "", code, make("td", "", p.in ?? ""), make("td", "", p.schema?.type ?? ""), make("td", "", p.description ?? ""));
    });
    const heads = ["Name", "Where", "Type", "Meaning"].map((text) => make("th", "", text));
    const table = make("table", "c-table", make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...rows));
    return make("div", "c-table-wrap", table);
  }

  function body(spec, request) {
    const schema = Object.values(resolve(spec, request)?.content ?? {})[0]?.schema;
    if (!schema) return null;
    return make("div", "", make("h3", "", "Body"), json(resolve(spec, schema)));
  }

  function answers(spec, responses) {
    const list = make("ul", "");
    for (const [status, answer] of Object.entries(responses ?? {})) {
      list.append(make("li", "", make("strong", "", status), ` ${resolve(spec, answer)?.description ?? ""}`));
    }
    return make("div", "", make("h3", "", "Answers"), list);
  }

  function operation(spec, path, method, entry) {
    const badge = make("span", `c-badge c-badge--plain c-badge--${METHODS[method]}`, method.toUpperCase());
    const summary = make("summary", "", badge, make("code", "", path), make("span", "c-muted", entry.summary ?? ""));
    const text = entry.description ? make("p", "", entry.description) : null;
    const content = make("div", "c-stack", text, parameters(spec, entry.parameters), body(spec, entry.requestBody), answers(spec, entry.responses));
    return make("details", "c-fold", summary, content);
  }

  function draw(root, spec) {
    const groups = new Map();
    for (const [path, methods] of Object.entries(spec.paths)) {
      for (const [method, entry] of Object.entries(methods)) {
        if (!(method in METHODS)) continue;
        const tag = entry.tags?.[0] ?? "Other";
        if (!groups.has(tag)) groups.set(tag, []);
        groups.get(tag).push(operation(spec, path, method, entry));
      }
    }
    root.replaceChildren(
      ...[...groups].sort().map(([tag, folds]) => make("section", "c-card", make("div", "c-card__head", make("h2", "", tag)), ...folds)),
    );
  }

  const root = document.querySelector("[data-api-reference]");
  fetch(root.dataset.apiReference, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((spec) => draw(root, spec))
    .catch(() => root.replaceChildren(make("p", "alert alert-warning", "The description could not be read. Please reload the page.")));
})();
