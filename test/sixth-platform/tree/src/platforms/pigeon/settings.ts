/** Environment variables only the Pigeon worker and its API side read. */
import { integer, type SettingsOf, url, variables } from '../../lib/settings.ts';
import type { PlatformSettings } from '../platform.ts';

const readBy = ['pigeon', 'api'];

export const pigeonVariables = variables({
  PIGEON_URL: url({ help: 'where Pigeon answers', readBy, default: 'https://pigeon.example' }),
  PIGEON_CHANNEL_SEND_PER_S: integer({ help: 'messages per second and channel, 0 is off', readBy, default: 1 }),
});

export type PigeonSettings = SettingsOf<typeof pigeonVariables>;

export function pigeonSettings(values: PlatformSettings): PigeonSettings {
  return values as PigeonSettings;
}
