/** A small line of numbers, drawn on the server. `label` says in words what it shows. */
export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  const width = 96;
  const height = 24;
  const top = Math.max(1, ...values);
  const x = (index: number) => Math.round((index * width) / Math.max(1, values.length - 1));
  const y = (value: number) => Math.round(height - 2 - (value / top) * (height - 4));
  const line = values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <polygon class="area" points={`0,${height} ${line} ${width},${height}`} />
      <polyline class="line" points={line} />
    </svg>
  );
}

/** How far a share of 1 has come. Past 1 it is full. */
export function Bar({
  share,
  label,
  tone,
}: {
  share: number;
  label: string;
  tone: "good" | "bad" | "quiet";
}) {
  const width = Math.max(0, Math.min(100, share * 100));
  return (
    <svg class={`meter ${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="track" width="100" height="6" />
      <rect class="fill" width={width.toFixed(1)} height="6" />
    </svg>
  );
}
