// Draws the charts of a report in the colours of the theme; the tables hold the same numbers.
(() => {
  "use strict";

  const place = document.getElementById("charts");
  if (!place || !window.Chart) return;
  const data = JSON.parse(place.textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = [];

  const options = (unit) => ({
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    indexAxis: "y",
    plugins: {
      legend: { display: false },
      tooltip: { callbacks: { label: (item) => `${item.formattedValue} ${unit}` } },
    },
    scales: {
      x: { beginAtZero: true, ticks: { color: colour("--c-muted"), precision: 0 }, grid: { color: colour("--c-line") } },
      y: { ticks: { color: colour("--c-text") }, grid: { display: false } },
    },
  });

  const draw = () => {
    drawn.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll("[data-chart]").forEach((canvas) => {
      const { labels, values } = data[canvas.dataset.chart];
      drawn.push(new window.Chart(canvas, {
        type: "bar",
        data: { labels, datasets: [{ data: values, backgroundColor: colour("--c-primary"), maxBarThickness: 22 }] },
        options: options(canvas.dataset.unit),
      }));
    });
  };

  draw();
  document.addEventListener("themechange", draw);
})();
