/* Renews the queue every 20 seconds, unless somebody is typing or has a menu open in it. */
(() => {
  const part = document.getElementById("queue");
  if (!part) return;
  const busy = () =>
    document.hidden || part.contains(document.activeElement) || part.querySelector('[aria-expanded="true"]') ||
    document.querySelector("dialog[open]") || [...part.querySelectorAll("input[type=text], input:not([type])")].some((input) => input.value !== input.defaultValue);

  async function renew() {
    if (busy()) return;
    try {
      const answer = await fetch("/queue/", { headers: { Accept: "text/html", "X-Background": "1" } });
      if (!answer.ok || answer.redirected || busy()) return;
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("queue");
      if (fresh && !busy()) part.replaceChildren(...fresh.childNodes);
    } catch {
      /* The next round tries again; the page says nothing new until then. */
    }
  }
  setInterval(renew, Number(part.dataset.renew) * 1000);
})();
