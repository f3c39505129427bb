/* The booking page: every choice asks the server for the page again and swaps the free times in.
   Without this script the button "Show free times" does the same. */
(() => {
  const choose = document.querySelector("[data-choose]");
  const times = document.getElementById("times");
  if (!choose || !times) return;
  let request;

  function address() {
    const chosen = [...new FormData(choose)].filter(([, value]) => value);
    return `${choose.action.split("?")[0]}?${new URLSearchParams(chosen)}`;
  }

  function keepProviders(page) {
    const fresh = page.getElementById("provider");
    const shown = choose.elements.provider;
    if (fresh && shown.innerHTML !== fresh.innerHTML) shown.innerHTML = fresh.innerHTML;
  }

  function keepDay(page) {
    const fresh = page.getElementById("day");
    if (fresh) choose.elements.day.value = fresh.value;
  }

  // What was answered stays as long as the same questions are asked.
  function keepAnswers(page) {
    const fresh = page.getElementById("asked");
    const shown = document.getElementById("asked");
    if (fresh && shown && fresh.dataset.asked !== shown.dataset.asked) shown.replaceWith(fresh);
  }

  async function show(url) {
    request?.abort();
    request = new AbortController();
    times.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: request.signal, headers: { Accept: "text/html" } });
      // Its style sheet carries the nonce of another page, which our policy would report.
      const text = (await answer.text()).replace(/<style[\s\S]*?<\/style>/g, "");
      const page = new DOMParser().parseFromString(text, "text/html");
      const fresh = page.getElementById("times");
      if (!answer.ok || !fresh) throw new Error(String(answer.status));
      times.replaceChildren(...fresh.childNodes);
      keepProviders(page);
      keepAnswers(page);
      keepDay(page);
      history.replaceState(null, "", url);
      times.removeAttribute("aria-busy");
    } catch (error) {
      // The plain page says what is wrong better than a script can.
      if (error.name !== "AbortError") location.assign(url);
    }
  }

  /* A chosen time is kept while the rest is filled in. What cannot be kept can still be booked: only
     a time that somebody else has is worth a word. */
  const kept = document.getElementById("kept");
  function timeOf(instant) {
    const [hour, minute] = instant.slice(11, 16).split(":");
    return `${hour % 12 || 12}:${minute} ${hour < 12 ? "AM" : "PM"}`;
  }

  async function keep(slot) {
    const [starts_at, provider] = slot.split("|");
    const { patient, type } = Object.fromEntries(new FormData(choose));
    if (!patient || !type || choose.elements.all_times?.checked) return;
    const answer = await fetch(kept.dataset.keep, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": clinic.csrf() },
      body: JSON.stringify({ patient, type, starts_at, ...(provider && { provider }) }),
    });
    const said = await answer.json().catch(() => ({}));
    kept.textContent = answer.ok
      ? `Kept for this patient until ${timeOf(said.expires_at)}.`
      : said.code === "scheduling.slot_taken" ? said.message : "";
  }
  times.addEventListener("change", (event) => {
    if (event.target.name === "slot") keep(event.target.value).catch(() => {});
  });

  choose.addEventListener("change", (event) => {
    // The type-ahead's own box has no name and says nothing new when it is left.
    if (!event.target.name) return;
    // A time that the calendar asked for belongs to its day.
    if (event.target.name === "day") choose.elements.at?.remove();
    show(address());
  });
  times.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-times]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.href);
  });
})();
