/** YouTube in the API: what has to be right before a bot is switched on (docs/contract/http-api.md#enabling-youtube). */
import type { PlatformChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { ApiDeps, ApiSide } from '../api-side.ts';
import { createApi } from './api/client.ts';
import { ownChannel } from './enable/own-channel.ts';
import { createOAuth } from './google/oauth.ts';
import { createLedger } from './quota/ledger.ts';
import { youtubeSettings } from './settings.ts';

export function openApiSide(deps: ApiDeps): ApiSide {
  const settings = youtubeSettings(deps.settings);
  const ledger = createLedger({ ...deps, settings, share: () => 1 });
  const parts = { ...deps, api: createApi(deps, ledger), oauth: createOAuth(deps) };
  return {
    async resolveChannel({ channelId, userId, hasSender }) {
      const target = (await ownChannel(parts, channelId, userId)) as PlatformChannelId;
      if (!(await hasSender())) throw new BadInput('YOUTUBE_BOT_NOT_CONFIGURED');
      return { target, extra: { userId }, warnings: [] };
    },
  };
}
