/** The legacy credits bot inside the API: reads the chats its variables name, credits who writes, says nothing (docs/contract/workers.md#inline-credits-bot). */
import { type Credentials, createCredentialSource } from '../accounts/credentials.ts';
import { createAuthorIdentity } from '../credits/author-identity.ts';
import type { Companion, CompanionDeps } from '../credits/companion.ts';
import { DirectCredits } from '../credits/direct-credits.ts';
import type { ChannelId, PlatformChannelId } from '../lib/brand.ts';
import { createHttpClient } from '../lib/http.ts';
import type { Logger } from '../lib/logger.ts';
import type { CommonDeps } from '../platforms/platform.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { type MappedChannel, mappedChannels } from '../platforms/twitch/inline-credits/channel-map.ts';
import { twitchSettings } from '../platforms/twitch/settings.ts';
import type { ReadChannel, ReaderEvents } from '../platforms/worker-side.ts';

const { logPrefix } = twitch;
/** A worker may be reading with the same account, and joins are limited per account. */
const LIMIT_SHARE = 0.5;

/** Nothing is opened, and nobody asked for, while it is switched off or knows no channel. */
export function startInlineCreditsBot(deps: CompanionDeps): Companion | null {
  const { platformSettings, httpTimeoutMs, db, seal, clock, random, roll } = deps;
  const settings = twitchSettings(platformSettings(twitch.id));
  if (!settings.CHAT_BOT_ENABLED) return null;
  const log = deps.log.with({ inline: true });
  const channels = mappedChannels(settings);
  if (channels.length === 0) {
    const problem =
      'CHAT_BOT_ENABLED is on, but neither CHAT_BOT_CHANNELS nor CHAT_BOT_CHANNEL_MAP_JSON names a channel';
    log.warn(`${logPrefix}missing_channel_map`, { key: 'CHAT_BOT_CHANNELS', problem });
    return null;
  }

  const http = createHttpClient(httpTimeoutMs);
  const common = { settings, db, seal, clock, random, log, http };
  const credentials = openCredentials(common);
  const identity = createAuthorIdentity({ ...common, platform: twitch, logPrefix });
  const credits = new DirectCredits({ roll, identity, clock, random, log, logPrefix });
  const side = twitch.openWorkerSide({
    ...common,
    credentials,
    isOwnAccount: (platformUserId) => credentials.ownAccountIds().has(platformUserId),
    limitShare: () => LIMIT_SHARE,
    startNumber: () => null,
    events: readerEvents(credits, log),
  });
  side.reader.setChannels(channels.map(toReadChannel));
  log.info(`${logPrefix}started`, { channels: channels.length });

  return {
    credentialsChanged: () => credentials.invalidate(),
    async stop() {
      await side.close();
      await credits.drain();
      log.info(`${logPrefix}stopped`);
    },
  };
}

/** The worker's own choice: the default bot, else the account that the environment names. */
function openCredentials(common: CommonDeps & Pick<CompanionDeps, 'db' | 'seal'>): Credentials {
  return createCredentialSource({
    ...common,
    platform: twitch,
    oauth: twitch.oauth(common),
    legacySender: async (db) => twitch.legacySender?.({ ...common, db }) ?? null,
  });
}

/** The map knows channels by slug, and a row may come later: to the reader one key is as good as the other. */
function toReadChannel({ login, slug }: MappedChannel): ReadChannel {
  return {
    channelId: slug as ChannelId,
    slug,
    target: login as PlatformChannelId,
    ownerUserId: null,
    stableId: null,
    extra: {},
  };
}

function readerEvents(credits: DirectCredits, log: Logger): ReaderEvents {
  let hasSaid = false;
  return {
    message({ author, channelId: slug, isOwn }) {
      if (!isOwn) credits.credit(author, slug);
    },
    state(_channelId, { reason }) {
      if (reason !== twitch.noSenderReason || hasSaid) return;
      hasSaid = true;
      const problem =
        'No account can read the chats. Link a default bot, or name an account that has signed in by CHAT_BOT_LOGIN.';
      log.warn(`${logPrefix}missing_login`, { key: 'CHAT_BOT_LOGIN', problem });
    },
    live() {},
    sendable() {},
    renamed() {},
    lost() {},
  };
}
