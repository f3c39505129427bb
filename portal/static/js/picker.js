/* After a day was swapped in place: keep the strip where it was, and put the keyboard back on the day. */
(() => {
  const place = { left: 0, strip: false };

  const strip = () => document.querySelector("#picker [data-days]");

  document.body.addEventListener("htmx:beforeSwap", () => {
    place.left = strip()?.scrollLeft ?? 0;
    place.strip = strip()?.contains(document.activeElement) ?? false;
  });

  document.body.addEventListener("htmx:afterSettle", () => {
    const current = strip()?.querySelector("[aria-current]");
    if (!current) return;
    strip().scrollLeft = place.left;
    current.scrollIntoView({ inline: "nearest", block: "nearest" });
    const target = place.strip ? current : document.querySelector("#picker summary, #picker a");
    target?.focus({ preventScroll: true });
  });
})();
