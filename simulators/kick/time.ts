/** Times in the formats that Kick writes. */

/** Kick's value for a time that is not set (docs/platforms/kick.md#channels). */
export const NO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 in whole seconds. @param offsetMinutes east of UTC; 0 is written `Z` */
export function rfc3339(at: Date, offsetMinutes = 0): string {
  const local = new Date(at.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 19);
  if (offsetMinutes === 0) return `${local}Z`;
  const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, '0');
  const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** The text with its date doubled, as one production project reports it (docs/platforms/kick.md#acknowledgement-and-retries). */
export function doubledDate(text: string): string {
  return `${text.slice(0, 10)}T${text}`;
}
