// Working hours: the first field of an opened form gets the focus, and a day off needs no times.
(() => {
  "use strict";

  document.querySelectorAll("details.s-span, details.s-more").forEach((part) => {
    part.addEventListener("toggle", () => {
      const first = part.open && part.querySelector("input:not([type=hidden]), select");
      if (first && !part.querySelector("[aria-invalid]")) first.focus();
    });
  });

  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  const kinds = document.querySelectorAll("[data-day-kind]");
  const times = document.querySelector("[data-day-times]");
  const show = () => {
    const chosen = [...kinds].find((kind) => kind.checked);
    times.hidden = Boolean(chosen) && chosen.value === "off";
  };
  if (times) {
    kinds.forEach((kind) => kind.addEventListener("change", show));
    show();
  }
})();
