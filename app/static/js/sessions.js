/* The form of a group session: another kind of visit brings the seats that it proposes, until somebody types a number. */
(() => {
  const kind = document.querySelector("select[data-seats]");
  const seats = document.getElementById("capacity");
  if (!kind || !seats || seats.form.elements.version) return;
  const proposed = JSON.parse(kind.dataset.seats);
  let isTyped = seats.value !== "" && seats.value !== String(proposed[kind.value] ?? "");
  seats.addEventListener("input", () => {
    isTyped = seats.value !== "";
  });
  kind.addEventListener("change", () => {
    if (!isTyped) seats.value = proposed[kind.value] ?? "";
  });
})();
