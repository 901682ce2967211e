/** Every platform, loaded: for the API, the operator's command and tools. A worker loads its own alone. */
import type { PlatformDescription } from './platform.ts';
import { registry } from './registry.ts';

/** In display order. */
export const platforms: readonly PlatformDescription[] = await Promise.all(registry.map(({ load }) => load()));

const SPOKEN_FIRST = ['twitch', 'youtube'];

/** In the order `say` lists enabled providers: these first, then as displayed (docs/contract/http-api.md#say). */
export const speakingOrder: readonly PlatformDescription[] = [
  ...SPOKEN_FIRST.flatMap((first) => platforms.filter(({ id }) => id === first)),
  ...platforms.filter(({ id }) => !SPOKEN_FIRST.includes(id)),
];
