const month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}";
const day = "\\d{1,2}";
const year = "(?:19|20)\\d\\d";
const weekday = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}";
const forms = [
  `${year}[-/](?:0?[1-9]|1[0-2])(?:[-/]${day})?`,
  `${year}-?W\\d\\d`,
  `${day}[-/.]${day}[-/.]${year}`,
  `${day}/${day}/\\d\\d`,
  `(?:${weekday},? )?${day}(?:st|nd|rd|th)?[- .]{1,2}${month}[- .,]{1,2}${year}`,
  `(?:${weekday},? )?${month}[ .]{1,2}(?:${day}(?:st|nd|rd|th)?,? )?${year}`,
];
const time =
  "(?:[T ,]{1,2}\\d{1,2}:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?(?: ?(?:Z|UTC|GMT|am|pm|[+-]\\d\\d:?\\d\\d))?)?";
const date = new RegExp(`^(?:${forms.join("|")})${time}$`, "i");
const monthName = new RegExp(`\\b${month}\\b`, "gi");
const weekdayName = new RegExp(`\\b${weekday}\\b`, "gi");

/**
 * The form of a date: `date YYYY-00-00` for `2026-11-20`, `date 00 Mon YYYY` for `20 Nov 2026`; null for any other text.
 * Dates go by, so the date itself is never a category; a form that changes is what goes wrong.
 */
export function dateForm(text: string): string | null {
  if (text.length < 6 || text.length > 40 || !date.test(text)) return null;
  const form = text
    .replace(weekdayName, "Day")
    .replace(monthName, "Mon")
    .replace(/(?<=\d)(?:st|nd|rd|th)\b/gi, "th")
    .replace(/\d+/g, (digits) => (digits.length === 4 && /^(?:19|20)/.test(digits) ? "YYYY" : "00"));
  return `date ${form}`;
}
