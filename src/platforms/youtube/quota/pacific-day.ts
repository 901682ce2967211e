/** Google counts a project's units from midnight to midnight in Los Angeles (docs/platforms/youtube.md#allocation-and-cost). */

const calendar = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
});

/** `2026-11-24` */
export function pacificDay(at: Date): string {
  const { year, month, day } = partsOf(at);
  return `${year}-${month}-${day}`;
}

/** The first moment of the next day there; the clocks change at two in the morning, never at midnight. */
export function nextPacificMidnight(at: Date): Date {
  const { year, month, day } = partsOf(at);
  const midnights = [7, 8].map((hour) => new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + 1, hour)));
  const found = midnights.find((midnight) => partsOf(midnight).hour === '00');
  if (found === undefined) throw new Error('Los Angeles has left both of its offsets');
  return found;
}

function partsOf(at: Date): Record<string, string> {
  return Object.fromEntries(calendar.formatToParts(at).map(({ type, value }) => [type, value]));
}
