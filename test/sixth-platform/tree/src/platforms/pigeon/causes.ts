/** What can keep a bot of Pigeon silent. */
import type { CauseTable } from '../causes/cause.ts';

export const pigeonCauses = {
  no_default_client: 'no_bot',
  loft_full: {
    verdict: 'broken',
    who: 'streamer',
    action: 'none',
    rank: 81,
    en: ['The loft takes no more lines.', 'Empty the loft.'],
    ru: ['Голубятня переполнена.', 'Освободите место.'],
  },
} as const satisfies CauseTable;

declare module '../causes/cause.ts' {
  interface PlatformCauses {
    readonly pigeon: keyof typeof pigeonCauses;
  }
}
