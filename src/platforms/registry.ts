/** Every platform there is: the one place where a new platform is added. */
import { kick } from './kick/index.ts';
import type { PlatformDescription } from './platform.ts';
import { trovo } from './trovo/index.ts';
import { twitch } from './twitch/index.ts';
import { vkvideo } from './vkvideo/index.ts';
import { youtube } from './youtube/index.ts';

/** In display order (http-api, head of the page). */
export const platforms: readonly PlatformDescription[] = [twitch, vkvideo, youtube, trovo, kick];

/** In the order `say` lists enabled providers (http-api §6.1). */
export const speakingOrder: readonly PlatformDescription[] = [twitch, youtube, vkvideo, trovo, kick];

/** Providers that existed once and answer 410 (http-api §3.2). */
export const deprecatedProviders: readonly string[] = ['vkplaylive'];
