/** A share as people write it: `31 %`, `0.4 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 1 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A time to the minute in UTC, as people say it: `Tue 17 Nov 14:10 UTC`. */
export function utcTime(atMs: number): string {
  const [day = "", date = "", month = "", , time = ""] = new Date(atMs)
    .toUTCString()
    .replace(",", "")
    .split(" ");
  return `${day} ${date} ${month} ${time.slice(0, 5)} UTC`;
}

/** A length of time in its largest fitting unit: `40 s`, `12 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
