// Draws the chart of one signal: line, baseline band, onset and change events.
// uPlot.iife.min.js, loaded before this file, defines it.
const { uPlot } = globalThis;

// Ticks by their distance in seconds, in 24 hours; the second format is used where a new day begins.
const dayLine = "{D} {MMM}";
const timeTicks = [
  [31536000, "{YYYY}", null, null, null, null, null, null, 1],
  [86400, dayLine, "{YYYY}", null, null, null, null, null, 0],
  [60, "{HH}:{mm}", `\n${dayLine}`, null, `\n${dayLine}`, null, null, null, 1],
];

for (const place of document.querySelectorAll("[data-chart]")) draw(place, JSON.parse(place.dataset.chart));

function draw(place, { timesMs, values, runs, unit, stepMs, marks }) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const format = formatter(unit);
  const seconds = timesMs.map((atMs) => (atMs + stepMs / 2) / 1000);
  let plot = null;
  const build = () => {
    plot?.destroy();
    const axis = {
      stroke: colour("soft"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { stroke: colour("line") },
    };
    plot = new uPlot(
      {
        width: place.clientWidth,
        height: 300,
        tzDate: (atSeconds) => uPlot.tzDate(new Date(atSeconds * 1000), "Etc/UTC"),
        cursor: { drag: { x: true, y: false } },
        scales: { y: { range: (_plot, low, high) => yRange(low, high, marks.band, unit) } },
        axes: [
          { ...axis, values: timeTicks },
          { ...axis, size: 70, values: (_plot, ticks) => ticks.map(format) },
        ],
        series: [
          { label: "time (UTC)", value: "{DD} {MMM} {HH}:{mm}" },
          {
            label: "value",
            stroke: colour("chart"),
            width: 2,
            points: { show: values.filter((value) => value !== null).length < 30, size: 6 },
            value: (_plot, value, _series, index) =>
              index === null ? "" : value === null ? "nothing seen" : format(value),
          },
          {
            label: "observations",
            scale: "runs",
            show: true,
            stroke: "transparent",
            points: { show: false },
            value: (_plot, value) => String(value ?? ""),
          },
        ],
        hooks: { drawClear: [(own) => drawMarks(own, marks, colour)] },
      },
      [seconds, values, runs],
      place,
    );
  };
  build();
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 300 })).observe(place);
  document.addEventListener("themechange", build);
}

function yRange(low, high, band, unit) {
  const bottom = Math.min(low ?? 0, band?.low ?? low ?? 0);
  const top = Math.max(
    high ?? 1,
    band?.high ?? high ?? 1,
    unit === "share" ? 0.04 : Number.NEGATIVE_INFINITY,
  );
  const room = (top - bottom) * 0.08 || Math.abs(top) * 0.1 || 0.01;
  return [bottom >= 0 ? Math.max(0, bottom - room) : bottom - room, top + room];
}

function drawMarks(plot, marks, colour) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  if (marks.band !== null) {
    const top = plot.valToPos(marks.band.high, "y", true);
    const bottom = plot.valToPos(marks.band.low, "y", true);
    ctx.fillStyle = colour("band");
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(2, bottom - top));
  }
  const line = (atMs, name, dash) => {
    const x = plot.valToPos(atMs / 1000, "x", true);
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = 2;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  };
  for (const atMs of marks.changesMs) line(atMs, "change", [6, 4]);
  if (marks.onsetMs !== null) line(marks.onsetMs, "onset", []);
  ctx.restore();
}

function formatter(unit) {
  const number = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });
  if (unit === "share") return (value) => `${number.format(value * 100)} %`;
  if (unit === "ms")
    return (value) => (value >= 1000 ? `${number.format(value / 1000)} s` : `${number.format(value)} ms`);
  if (unit === "usd") return (value) => `$${number.format(value)}`;
  return (value) => number.format(value);
}
