/** Every platform there is, in display order: the one place a new platform is added. */
import type { Platform } from './platform.ts';
import { twitch } from './twitch/index.ts';

export const platforms: readonly Platform[] = [twitch];
