/** Faults of a platform as a whole, one for each platform at a time; each list is seeded once the one before was found. */
import { alteringProxy } from '../../support/altering-proxy.ts';
import type { Fault, PlatformId } from './fault.ts';
import { HOST, type Stack } from './stack.ts';

const OTHER_KEY = Buffer.alloc(32, 2).toString('base64');
const TEN_MINUTES_MS = 600_000;
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
const SUBSCRIPTIONS_PATH = '/helix/eventsub/subscriptions';

interface Subscription {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly condition: { readonly broadcaster_user_id?: string };
}

function installation(provider: PlatformId | null, seed: (stack: Stack) => Promise<unknown>): Fault['seed'] {
  return async (stack) => {
    await seed(stack);
    return { provider, channel: null };
  };
}

function atTheWellChannel(provider: PlatformId, seed: (stack: Stack) => Promise<unknown>): Fault['seed'] {
  return async (stack) => {
    await seed(stack);
    return { provider, channel: stack.well(provider) };
  };
}

/** One more message: whoever would notice only at the next call notices now. */
async function speak(stack: Stack, provider: PlatformId): Promise<void> {
  await stack.ask(stack.well(provider), 'POST', '/streamer/bot/say', { message: 'hello', provider });
}

/** The API has subscribed for every channel by then: whatever is refused later is this one alone. */
async function liveEventOf({ control, pg, until }: Stack, channelId: string): Promise<string> {
  const { rows } = await pg.query<{ id: string; isMeant: boolean }>(
    `select c."twitchChannelId" as id, c.id = $1 as "isMeant"
    from "Channel" c join "ChatBotSubscription" s on s."channelId" = c.id`,
    [channelId],
  );
  const meant = rows.find(({ isMeant }) => isMeant)?.id;
  return until(async () => {
    const all = (await control('twitch', 'subscriptions')) as readonly Subscription[];
    const enabled = all.filter(({ type, status }) => type === 'stream.online' && status === 'enabled');
    const byChannel = new Map(enabled.map(({ id, condition }) => [condition.broadcaster_user_id, id]));
    const id = byChannel.get(meant);
    const missing = rows.filter((row) => !byChannel.has(row.id));
    if (id === undefined || missing.length > 0) throw new Error(`${missing.length} channels have no subscription yet`);
    return id;
  });
}

export const firstPlatformFaults: readonly Fault[] = [
  {
    name: 'an event subscription is gone',
    async seed(stack) {
      const channel = await stack.addChannel('twitch', 'without_events');
      await stack.ask(channel, 'PATCH', '/streamer/bots/twitch', { enabled: true });
      const id = await liveEventOf(stack, channel.channelId);
      const refusal = { kind: 'answer', status: 400, path: SUBSCRIPTIONS_PATH, method: 'POST' };
      await stack.control('twitch', 'httpFault', refusal);
      await stack.control('twitch', 'revokeSubscription', { id, status: 'notification_failures_exceeded' });
      return { provider: 'twitch', channel };
    },
    expects: { cause: 'subscription_gone', action: 'fix_webhook_address', who: 'operator', verdict: 'waiting' },
    undo: ({ control }) => control('twitch', 'clearFaults'),
  },
  {
    name: 'VK refuses the token for chats',
    seed: atTheWellChannel('vkvideo', async ({ control }) => {
      const body = { error: 'forbidden', error_description: 'No access' };
      await control('vkvideo', 'httpFault', { kind: 'answer', status: 403, path: '/v1/websocket/token', body });
      await control('vkvideo', 'dropConnections');
    }),
    expects: { cause: 'websocket_token_failed', action: 'link_default_bot', who: 'owner', verdict: 'waiting' },
    undo: ({ control }) => control('vkvideo', 'clearFaults'),
  },
  {
    name: 'the units of the day are nearly spent',
    seed: installation('youtube', async (stack) => {
      await stack.pg.query(`update "QuotaLedger" set units = 9300 where provider = 'youtube' and method = 'total'`);
      await speak(stack, 'youtube');
    }),
    expects: { cause: 'quota_low', action: 'raise_quota', who: 'operator' },
  },
  {
    name: 'no default bot is linked',
    seed: atTheWellChannel('trovo', ({ ask, owner }) => ask(owner, 'DELETE', '/owner/bots/trovo/default')),
    expects: { cause: 'no_bot', action: 'link_default_bot', who: 'owner' },
  },
];

/** @param onEnd ends the proxy that one of them needs */
export function secondPlatformFaults(onEnd: (end: () => Promise<void>) => void): readonly Fault[] {
  return [
    {
      name: 'the units of the day are spent',
      seed: installation('youtube', async (stack) => {
        await stack.control('youtube', 'exhaustQuota');
        await speak(stack, 'youtube');
      }),
      expects: { cause: 'quota_exhausted', action: 'raise_quota', who: 'operator' },
    },
    {
      name: 'a proxy changes the body of deliveries',
      seed: installation('twitch', async (stack) => {
        await stack.control('twitch', 'mapHost', { host: HOST, target: await alteringProxy(stack.apiUrl, onEnd) });
        await stack.control('twitch', 'goLive', { channel: stack.well('twitch').slug });
      }),
      expects: { cause: 'webhook_signature_refused', action: 'fix_webhook_address', who: 'operator' },
      undo: ({ control, apiUrl }) => control('twitch', 'mapHost', { host: HOST, target: apiUrl }),
    },
    {
      name: 'a worker hears no channel any more',
      seed: installation('vkvideo', async (stack) => {
        await stack.control('vkvideo', 'refuse');
        await stack.until(async () => {
          const { rows } = await stack.pg.query('select state from "BotChannelHealth" where "channelId" = $1', [
            stack.well('vkvideo').channelId,
          ]);
          if (rows[0]?.state === 'live') throw new Error('the worker still hears the channel');
        });
        process.kill(stack.worker('vkvideo').pid, 'SIGUSR2');
      }),
      expects: { cause: 'reader_deaf', action: 'start_worker', who: 'operator' },
      undo: ({ control }) => control('vkvideo', 'accept'),
    },
    {
      name: 'a worker was killed',
      seed: installation('kick', ({ worker }) => worker('kick').kill('SIGKILL')),
      expects: { cause: 'worker_gone', action: 'start_worker', who: 'operator' },
    },
  ];
}

/** Workers that were started again with another environment, or on a machine whose clock is wrong. */
export const restartFaults: readonly Fault[] = [
  {
    name: 'a worker cannot reach an API instance',
    seed: installation('kick', async (stack) => {
      await stack.startWorker('kick', { CHATBOT_BACKEND_BASE_URLS: `${stack.apiUrl},${NOWHERE}` });
      stack.sim('kick').say(stack.well('kick').slug, 'mira_k', 'hello');
    }),
    expects: { cause: 'relay_unreachable', action: 'set_variable', who: 'operator' },
  },
  {
    name: 'two processes have different encryption keys',
    seed: async (stack) => {
      await stack.startWorker('trovo', { CREDENTIALS_ENCRYPTION_KEY: OTHER_KEY });
      return { provider: null, channel: null };
    },
    expects: { cause: 'encryption_keys_differ', action: 'set_variable', who: 'operator' },
  },
  {
    name: 'the clock of a worker is ten minutes ahead',
    seed: installation('vkvideo', ({ startWorker }) =>
      startWorker('vkvideo', { SHIFTED_WALL_MS: String(TEN_MINUTES_MS) }),
    ),
    expects: { cause: 'clock_ahead', action: 'correct_clock', who: 'operator' },
  },
];
