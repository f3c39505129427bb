/* Waits for a long job: moves the bar and reloads the page when the state changes. */
(() => {
  const box = document.querySelector("[data-progress]");
  const bar = box.querySelector("progress");
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { "X-Background": "1" } });
      if (answer.ok) {
        const now = await answer.json();
        if (now.status !== box.dataset.status) return location.reload();
        bar.max = Math.max(now.expected, 1);
        bar.value = now.done;
      }
    } catch {
      /* The connection is away; the next look may find it again. */
    }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
})();
