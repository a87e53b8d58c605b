/** Where progress is shown. `process.stderr` is one, so that what a command prints can still be piped. */
export interface ProgressOut {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Shows how far a command has come. */
export interface Progress {
  /** @param share 0 to 1. @param note a few words after the bar: counts. */
  update(share: number, note: string): void;
  /** Prints a line above the bar. */
  say(line: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

const barCells = 24;
const redrawMs = 100;

/** Creates a progress bar on a terminal; where there is none, a plain line at each tenth. */
export function createProgress(
  label: string,
  out: ProgressOut,
  nowMs: () => number = () => performance.now(),
): Progress {
  return out.isTTY === true ? createBar(label, out, nowMs) : createLines(label, out);
}

function createBar(label: string, out: ProgressOut, nowMs: () => number): Progress {
  const startMs = nowMs();
  let drawnMs = -Infinity;
  let latest = "";
  const draw = () => out.write(`\r\u001b[K${latest.slice(0, (out.columns ?? 80) - 1)}`);
  return {
    update(share, note) {
      const full = Math.round(Math.min(1, share) * barCells);
      const bar = "█".repeat(full) + "░".repeat(barCells - full);
      latest = `${label} ${bar} ${percent(share)}  ${note}${remaining(share, nowMs() - startMs)}`;
      if (nowMs() - drawnMs < redrawMs && share < 1) return;
      drawnMs = nowMs();
      draw();
    },
    say(line) {
      out.write(`\r\u001b[K${line}\n`);
      if (latest !== "") draw();
    },
    end() {
      if (latest === "") return;
      draw();
      out.write("\n");
      latest = "";
    },
  };
}

function createLines(label: string, out: ProgressOut): Progress {
  let tenth = 0;
  return {
    update(share, note) {
      const reached = Math.floor(Math.min(1, share) * 10);
      if (reached <= tenth) return;
      tenth = reached;
      out.write(`${label} ${percent(share)}  ${note}\n`);
    },
    say: (line) => void out.write(`${line}\n`),
    end: () => undefined,
  };
}

function percent(share: number): string {
  return `${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} %`;
}

/** Said once it can be told from the pace so far. */
function remaining(share: number, passedMs: number): string {
  if (share < 0.02 || share >= 1 || passedMs < 2_000) return "";
  const seconds = Math.ceil((passedMs * (1 - share)) / share / 1000);
  return seconds < 90 ? `, ${seconds} s left` : `, ${Math.ceil(seconds / 60)} min left`;
}
