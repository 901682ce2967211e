/** Faults of one channel each: all are there at once, and none disturbs another. */
import type { PoolClient } from 'pg';
import type { LinkedAccount, StreamerChannel } from '../../../simulators/world/simulated-platform.ts';
import type { Fault, FaultyChannel, PlatformId } from './fault.ts';
import { BOT, type Stack } from './stack.ts';

type Prepare = (stack: Stack, slug: string, streamer: StreamerChannel) => Promise<StreamerChannel | undefined>;

/** The bot is switched on once the platform, or the account, is as `prepare` leaves it. */
function channelAt(
  provider: PlatformId,
  slug: string,
  prepare: Prepare,
  then: (stack: Stack, channel: FaultyChannel) => Promise<unknown> = async () => {},
): Fault['seed'] {
  return async (stack) => {
    const channel = await stack.addChannel(provider, slug, (streamer) => prepare(stack, slug, streamer));
    await then(stack, channel);
    return { provider, channel };
  };
}

function told(provider: PlatformId, action: string, input: (slug: string) => unknown): Prepare {
  return async (stack, slug) => void (await stack.control(provider, action, input(slug)));
}

/** Granted by the streamer, with nothing but these rights. */
async function accountWith(
  { control }: Stack,
  provider: PlatformId,
  name: string,
  scopes: readonly string[],
): Promise<Pick<LinkedAccount, 'accessToken' | 'refreshToken' | 'scopes'>> {
  const token = (await control(provider, 'issueToken', { person: name, scopes })) as Record<
    'access' | 'refresh',
    string
  >;
  return { accessToken: token.access, refreshToken: token.refresh, scopes };
}

/** Keeps the row of a channel from being written: a worker that found the new name cannot store it yet. */
let lock: PoolClient | null = null;

export const channelFaults: readonly Fault[] = [
  {
    name: 'the bot is banned',
    seed: channelAt(
      'twitch',
      'banned',
      told('twitch', 'exclude', (channel) => ({ channel, person: BOT, seconds: null })),
    ),
    expects: { cause: 'banned', action: 'unban_bot', who: 'streamer' },
  },
  {
    name: 'the bot is not a moderator of the 101st channel',
    seed: channelAt(
      'twitch',
      'hundred_and_first',
      told('twitch', 'setRole', (channel) => ({ channel, person: BOT, role: 'moderator', held: false })),
    ),
    expects: { cause: 'join_limit', action: 'make_bot_moderator', who: 'streamer' },
  },
  {
    name: 'the channel is suspended',
    seed: channelAt(
      'twitch',
      'suspended',
      told('twitch', 'suspend', (channel) => ({ channel })),
    ),
    expects: { cause: 'suspended', action: 'none', who: 'streamer' },
  },
  {
    name: 'the channel was renamed',
    seed: channelAt(
      'twitch',
      'renamed',
      told('twitch', 'rename', (person) => ({ person, login: 'renamed_since' })),
      async ({ pg }, { channelId }) => {
        lock = await pg.connect();
        await lock.query('begin');
        await lock.query('select from "ChatBotSubscription" where "channelId" = $1 for update', [channelId]);
      },
    ),
    expects: { cause: 'renamed', action: 'wait', who: null, verdict: 'waiting' },
    async undo() {
      await lock?.query('rollback');
      lock?.release();
    },
  },
  {
    name: 'the platform refuses in words that nobody has read before',
    seed: channelAt(
      'kick',
      'refused',
      async ({ control }) => {
        const failure = { event: 'chat.message.sent', error: 'broadcaster not eligible', times: 1 };
        await control('kick', 'failSubscriptions', failure);
      },
      ({ until, pg }, { channelId }) =>
        until(async () => {
          const { rows } = await pg.query('select state from "BotChannelHealth" where "channelId" = $1', [channelId]);
          if (rows[0]?.state !== 'degraded') throw new Error('Kick has not refused yet');
        }),
    ),
    expects: { cause: 'platform_refused', action: 'none', who: null, verdict: 'waiting' },
  },
  {
    name: 'the application has reached its limit of subscriptions',
    seed: channelAt(
      'kick',
      'one_too_many',
      told('kick', 'subscriptionSwitches', () => ({ totalMax: 0 })),
    ),
    expects: { cause: 'subscription_limit', action: 'raise_quota', who: 'operator' },
    undo: ({ control }) => control('kick', 'subscriptionSwitches', { totalMax: 2000 }),
  },
  {
    name: 'the streamer withdrew the grant',
    seed: channelAt(
      'youtube',
      'dead_grant',
      told('youtube', 'revokeGrant', (name) => ({ name })),
    ),
    expects: { cause: 'owner_relink_required', action: 'link_account', who: 'streamer' },
  },
  {
    name: 'the streamer left out a scope',
    seed: channelAt('trovo', 'missing_scope', async (stack, slug, streamer) => {
      const { account } = streamer;
      const scopes = ['user_details_self', 'channel_details_self'];
      return { ...streamer, account: account && { ...account, ...(await accountWith(stack, 'trovo', slug, scopes)) } };
    }),
    expects: { cause: 'owner_scope_missing', action: 'grant_scope', who: 'streamer' },
  },
  {
    name: 'the linked Google account opens another channel',
    seed: channelAt('youtube', 'right_channel', async ({ sim }, _slug, streamer) => {
      return { ...streamer, account: sim('youtube').addStreamer('wrong_channel').account };
    }),
    expects: { cause: 'owner_channel_mismatch', action: 'link_account', who: 'streamer' },
  },
  {
    name: 'no account is linked',
    seed: channelAt('youtube', 'unlinked', async (_stack, _slug, streamer) => ({ ...streamer, account: null })),
    expects: { cause: 'owner_not_linked', action: 'link_account', who: 'streamer' },
  },
  {
    name: 'the chat of the broadcast is disabled',
    seed: channelAt(
      'youtube',
      'chat_disabled',
      told('youtube', 'setChat', (channel) => ({ channel, state: 'disabled' })),
    ),
    expects: { cause: 'chat_disabled', action: 'start_stream', who: 'streamer' },
  },
  {
    name: 'a message waits while the channel is offline',
    seed: channelAt(
      'youtube',
      'offline',
      told('youtube', 'endChat', (channel) => ({ channel })),
      ({ ask }, channel) => ask(channel, 'POST', '/streamer/bot/say', { message: 'hello', provider: 'youtube' }),
    ),
    expects: { cause: 'no_live_chat', action: 'start_stream', who: 'streamer', verdict: 'waiting' },
  },
  {
    name: 'the address of the VK channel is missing',
    seed: channelAt('vkvideo', 'without_address', async (_stack, _slug, streamer) => {
      return { ...streamer, target: '5210', extra: { vkvideoChannelUrl: null }, account: null };
    }),
    expects: { cause: 'missing_channel_url', action: 'name_channel_url', who: 'streamer' },
  },
];
