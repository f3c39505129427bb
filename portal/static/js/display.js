/* The wall: a fresh board every five seconds, a gentle sound for a new call, a note when the connection is lost. */
(() => {
  const main = document.getElementById("main");
  const lost = document.querySelector("[data-lost]");
  const button = document.querySelector("[data-sound]");
  const callsOn = (root) => (root.querySelector("[data-calls]")?.dataset.calls ?? "").split(" ").filter(Boolean);
  let known = new Set(callsOn(main));
  let audio = null;

  // Browsers allow sound only after somebody touched the page.
  button.hidden = false;
  button.addEventListener("click", () => {
    audio = new AudioContext();
    button.hidden = true;
    chime();
  });

  function chime() {
    if (!audio) return;
    [660, 880].forEach((pitch, i) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const begin = audio.currentTime + i * 0.35;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(0.2, begin + 0.05);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.9);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + 1);
    });
  }

  async function refresh() {
    try {
      const answer = await fetch(main.dataset.board, { signal: AbortSignal.timeout(4000) });
      if (answer.status === 404) return location.reload(); // the screen was revoked
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const calls = callsOn(page);
      main.replaceChildren(...page.body.childNodes);
      if (calls.some((call) => !known.has(call))) chime();
      known = new Set(calls);
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  }

  setInterval(refresh, 5000);
})();
