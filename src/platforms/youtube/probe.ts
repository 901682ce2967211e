/** What YouTube is asked by a live look: Google's word about the token, which costs nothing, and one list, which costs a unit. */
import { z } from 'zod';
import { PlatformRefused } from '../../lib/errors.ts';
import type { Probe } from '../probe-side.ts';
import { createApi } from './api/client.ts';
import { UNITS_SPENT } from './api/refusal.ts';
import { createOAuth } from './google/oauth.ts';
import { createLedger } from './quota/ledger.ts';
import { youtubeSettings } from './settings.ts';

/** Of one list (docs/platforms/youtube.md#quota). */
const LIST_UNITS = 1;
/** Channels begin so (docs/platforms/youtube.md#api). */
const CHANNEL_ID = /^UC[\w-]{22}$/;

/** The unit is paid for like any other; without one only the token is looked at. */
export const probe: Probe = async (deps, { accessToken }) => {
  const { scopes } = await createOAuth(deps).inspect(accessToken).catch(asRefusedToken);
  const ledger = createLedger({ ...deps, settings: youtubeSettings(deps.settings), share: () => 1 });
  const withoutScopes = scopes.length === 0 ? ['tokeninfo: scope is empty'] : [];
  try {
    const [channel] = await createApi(deps, ledger).ownChannels(accessToken);
    const isKnownForm = channel === undefined || CHANNEL_ID.test(channel.id);
    return {
      platformUserId: channel?.id ?? null,
      units: LIST_UNITS,
      deviations: isKnownForm ? withoutScopes : [...withoutScopes, 'channels.list: id is no id of a channel'],
    };
  } catch (error) {
    if (error instanceof z.ZodError) {
      const deviations = error.issues.map(({ path, message }) => `channels.list: ${path.join('.')} ${message}`);
      return { platformUserId: null, units: LIST_UNITS, deviations: [...withoutScopes, ...deviations] };
    }
    if (!(error instanceof PlatformRefused && error.code === UNITS_SPENT)) throw error;
    return { platformUserId: null, units: 0, deviations: withoutScopes };
  }
};

/** Google answers 400 for a token that is over. */
function asRefusedToken(error: unknown): never {
  if (error instanceof PlatformRefused && error.status === 400) {
    throw new PlatformRefused(error.message, { status: 401, cause: error });
  }
  throw error;
}
