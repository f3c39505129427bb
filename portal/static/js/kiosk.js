/* A shared screen must not keep somebody's page: it goes back to the start, unless somebody is still using it. */
(() => {
  const { home, seconds } = document.body.dataset;
  let timer;

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(home), Number(seconds) * 1000);
  }

  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, wait);
  wait();
})();
