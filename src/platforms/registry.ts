/** Every platform there is: the one place where a new platform is added. */
import type { Variable } from '../lib/settings.ts';
import { kickVariables } from './kick/settings.ts';
import type { PlatformDescription } from './platform.ts';
import { trovoVariables } from './trovo/settings.ts';
import { twitchVariables } from './twitch/settings.ts';
import { vkvideoVariables } from './vkvideo/settings.ts';
import { youtubeVariables } from './youtube/settings.ts';

/** What is known of a platform without loading it: a worker serves one, and reads the settings of all. */
interface RegisteredPlatform {
  readonly id: string;
  readonly title: string;
  readonly variables: Readonly<Record<string, Variable>>;
  load(): Promise<PlatformDescription>;
}

/** In display order (http-api, head of the page). */
export const registry: readonly RegisteredPlatform[] = [
  register('twitch', 'Twitch', twitchVariables, async () => (await import('./twitch/index.ts')).twitch),
  register('vkvideo', 'VK Video Live', vkvideoVariables, async () => (await import('./vkvideo/index.ts')).vkvideo),
  register('youtube', 'YouTube', youtubeVariables, async () => (await import('./youtube/index.ts')).youtube),
  register('trovo', 'Trovo', trovoVariables, async () => (await import('./trovo/index.ts')).trovo),
  register('kick', 'Kick', kickVariables, async () => (await import('./kick/index.ts')).kick),
];

/** Providers that existed once and answer 410 (docs/contract/http-api.md#switch-a-bot). */
export const deprecatedProviders: readonly string[] = ['vkplaylive'];

function register(
  id: string,
  title: string,
  variables: RegisteredPlatform['variables'],
  load: RegisteredPlatform['load'],
): RegisteredPlatform {
  return { id, title, variables, load };
}
