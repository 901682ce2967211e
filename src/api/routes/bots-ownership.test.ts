import { afterAll, describe, expect, test } from 'vitest';
import type { StreamerPerson } from '../../../test/support/api-world.ts';
import { linkingWorld, PROVIDERS, type Simulated } from '../../../test/support/linking-world.ts';
import { botWriter, platformOf } from '../../../test/support/senders-world.ts';

const world = await linkingWorld({ onEnd: afterAll, env: { DOMAIN: 'bots.example' } });
const bots = botWriter(world);
/** The field by which a platform's channel is named, where it can be. */
const NAMED: Partial<Record<Simulated, string>> = {
  vkvideo: 'vkvideoChannelUrl',
  trovo: 'trovoChannelId',
  kick: 'kickChannelId',
};

interface Contender extends StreamerPerson {
  /** Their channel on the platform. */
  readonly target: string;
}

let names = 0;

async function streamerOn(provider: Simulated, role: 'streamer' | 'admin' = 'streamer'): Promise<Contender> {
  const { target, stableId, account } = world.sim(provider).addStreamer(`streamer_${++names}`);
  const who = await world.streamer({ role, twitchId: stableId });
  if (account !== null) await link(provider, who, account);
  return { ...who, target };
}

type Account = NonNullable<ReturnType<ReturnType<typeof world.sim>['addStreamer']>['account']>;

async function link(provider: Simulated, { userId }: StreamerPerson, account: Account): Promise<void> {
  await world.db
    .insertInto('ExternalAccount')
    .values({
      userId,
      provider,
      providerAccountId: account.platformUserId,
      login: account.login,
      accessToken: account.accessToken,
      refreshToken: account.refreshToken,
      scopes: account.scopes.join(' '),
    })
    .execute();
}

/** Two streamers who both want the channel of the first. */
async function contenders(provider: Simulated): Promise<[Contender, Contender]> {
  if (provider !== 'youtube') return [await streamerOn(provider, 'admin'), await streamerOn(provider, 'admin')];
  // Two Google accounts that manage one channel.
  const { target, account } = world.sim(provider).addStreamer(`streamer_${++names}`);
  if (account === null) throw new Error('an account is needed');
  const both = [await world.streamer(), await world.streamer()] as const;
  await link(provider, both[0], account);
  await link(provider, both[1], { ...account, platformUserId: `${account.platformUserId}9` });
  return [
    { ...both[0], target },
    { ...both[1], target },
  ];
}

async function linkDefaultBot(provider: Simulated): Promise<void> {
  const { accessToken } = world.sim(provider).linkBot(`bot_${++names}`);
  await bots.defaultBot(provider, 'shared_bot', { accessToken });
}

async function toggle(provider: Simulated, who: StreamerPerson, body: object) {
  const { status, json } = await world.ask(who, 'PATCH', `/streamer/bots/${provider}`, { body });
  return [status, json.errorCode];
}

async function stored(provider: Simulated, { channelId }: StreamerPerson) {
  const { subscription, targetColumn } = platformOf(provider).tables;
  const { rows } = await world.pg.query(
    `select "${targetColumn}" as target, enabled from "${subscription}" where "channelId" = $1`,
    [channelId],
  );
  const gates = await world.db
    .selectFrom('BotIntegrationSettings')
    .select(['provider', 'enabled'])
    .where('channelId', '=', channelId)
    .execute();
  return { rows, gates };
}

const NOTHING = { rows: [], gates: [] };
const ON = [200, undefined];

describe.for(PROVIDERS)('%s', (provider) => {
  test('a streamer switches on their own channel, and nothing else in the request names another', async () => {
    await linkDefaultBot(provider);
    const [who, other] = [await streamerOn(provider), await streamerOn(provider)];
    const strays = { channelId: other.channelId, userId: other.userId, target: other.target, login: other.target };
    expect(await toggle(provider, who, { enabled: true, ...strays })).toEqual(ON);
    expect(await stored(provider, who)).toEqual({
      rows: [{ target: who.target, enabled: true }],
      gates: [{ provider, enabled: true }],
    });
    expect(await stored(provider, other)).toEqual(NOTHING);
    const { items } = (await world.ask(who, 'GET', '/streamer/bots')).json;
    expect(items.filter(({ enabled }: { enabled: boolean }) => enabled)).toMatchObject([{ provider }]);
  });

  test('where nobody could speak nothing is switched on; an own bot counts with the right to it', async () => {
    await bots.noDefaultBot(provider);
    const who = await streamerOn(provider);
    const missing = [503, `${provider.toUpperCase()}_BOT_NOT_CONFIGURED`];
    expect(await toggle(provider, who, { enabled: true })).toEqual(missing);
    await bots.ownBot(who.channelId, provider, 'own_bot');
    expect(await toggle(provider, who, { enabled: true })).toEqual(missing);
    expect(await stored(provider, who)).toEqual(NOTHING);
    await bots.entitle(who.channelId);
    expect(await toggle(provider, who, { enabled: true })).toEqual(ON);
  });

  test('a default bot that has to be linked again is no bot', async () => {
    const dead = await bots.defaultBot(provider, 'shared_bot');
    await world.db.updateTable('ExternalAccount').set({ brokenAt: new Date() }).where('id', '=', dead).execute();
    const who = await streamerOn(provider);
    const missing = [503, `${provider.toUpperCase()}_BOT_NOT_CONFIGURED`];
    expect(await toggle(provider, who, { enabled: true })).toEqual(missing);
  });

  test('a platform that is away keeps nothing from being switched off, and leaves nothing half switched on', async () => {
    await linkDefaultBot(provider);
    const [on, off] = [await streamerOn(provider), await streamerOn(provider)];
    expect(await toggle(provider, on, { enabled: true })).toEqual(ON);
    const { outage } = world.sim(provider).abilities;
    await outage?.begin();
    try {
      expect(await toggle(provider, on, { enabled: false })).toEqual(ON);
      const [status] = await toggle(provider, off, { enabled: true });
      expect(status).toBeGreaterThanOrEqual(400);
    } finally {
      await outage?.end();
    }
    expect(await stored(provider, on)).toMatchObject({ rows: [{ target: on.target, enabled: false }] });
    expect(await stored(provider, off)).toEqual(NOTHING);
  });
});

describe.for(PROVIDERS.filter((provider) => provider !== 'twitch'))('%s', (provider) => {
  test('one platform channel is served for one channel of ours, also when two ask at once', async () => {
    await linkDefaultBot(provider);
    const both = await contenders(provider);
    const [first] = both;
    const field = NAMED[provider];
    const body = { enabled: true, ...(field === undefined ? {} : { [field]: first.target }) };
    const answers = await Promise.all(both.map((who) => toggle(provider, who, body)));
    const taken = [409, 'CHANNEL_ALREADY_ENABLED'];
    expect([...answers].sort()).toEqual([ON, taken]);
    const winner = both[answers[0]?.[0] === 200 ? 0 : 1];
    const loser = both[answers[0]?.[0] === 200 ? 1 : 0];
    expect(await stored(provider, loser)).toEqual(NOTHING);
    expect(await toggle(provider, winner, { enabled: false })).toEqual(ON);
    expect(await toggle(provider, loser, body)).toEqual(ON);
    expect(await toggle(provider, winner, body)).toEqual(taken);
    expect((await stored(provider, winner)).gates).toEqual([{ provider, enabled: false }]);
  });
});

describe.for(PROVIDERS.filter((provider) => NAMED[provider] !== undefined))('%s', (provider) => {
  const field = NAMED[provider] ?? '';

  test("another's channel is refused, whether or not its own streamer uses it", async () => {
    await linkDefaultBot(provider);
    const [who, other] = [await streamerOn(provider), await streamerOn(provider)];
    const theirs = { enabled: true, [field]: other.target };
    expect(await toggle(provider, who, theirs)).toEqual([403, 'CHANNEL_NOT_OWNED']);
    expect(await toggle(provider, other, { enabled: true })).toEqual(ON);
    expect(await toggle(provider, who, theirs)).toEqual([403, 'CHANNEL_NOT_OWNED']);
    expect(await stored(provider, who)).toEqual(NOTHING);
  });

  test.for([[{}], [['1']], [true], ['x y'], [`1${'0'.repeat(5000)}`], ['\u0000']])(
    'a channel given as %j is a bad request of whoever sends it',
    async ([given]) => {
      await linkDefaultBot(provider);
      for (const role of ['streamer', 'admin'] as const) {
        const who = await streamerOn(provider, role);
        expect(await toggle(provider, who, { enabled: true, [field]: given })).toEqual([400, 'BAD_REQUEST']);
        expect(await stored(provider, who)).toEqual(NOTHING);
      }
    },
  );
});

test('two spellings of one VK Video Live channel are one channel', async () => {
  await linkDefaultBot('vkvideo');
  const [who, admin] = [await streamerOn('vkvideo'), await streamerOn('vkvideo', 'admin')];
  expect(await toggle('vkvideo', who, { enabled: true })).toEqual(ON);
  const body = { enabled: true, vkvideoChannelUrl: who.target.toUpperCase() };
  expect(await toggle('vkvideo', admin, body)).toEqual([409, 'CHANNEL_ALREADY_ENABLED']);
});

test('a channel that is gone is told as such, by the newer and by the older switch', async () => {
  await linkDefaultBot('twitch');
  const who = await streamerOn('twitch');
  await world.ask(who, 'GET', '/streamer/bots');
  await world.pg.query('delete from "Channel" where id = $1', [who.channelId]);
  // Rights are looked up every few seconds only.
  const gone = [404, 'CHANNEL_NOT_FOUND'];
  expect(await toggle('twitch', who, { enabled: true })).toEqual(gone);
  expect(await world.codeOf(who, 'POST', '/streamer/bot/enable')).toEqual(gone);
  expect(await world.codeOf(who, 'POST', '/streamer/bot/disable')).toEqual(gone);
});

test('the older question has the answer of the newer switch, whichever was used last', async () => {
  await linkDefaultBot('twitch');
  const who = await streamerOn('twitch');
  const isOn = async () => {
    const older = (await world.ask(who, 'GET', '/streamer/bot/subscription')).json.enabled;
    const newer = (await world.ask(who, 'GET', '/streamer/bots')).json.items[0].enabled;
    return [older, newer];
  };
  expect(await isOn()).toEqual([false, false]);
  await toggle('twitch', who, { enabled: true });
  expect(await isOn()).toEqual([true, true]);
  await world.ask(who, 'POST', '/streamer/bot/disable');
  expect(await isOn()).toEqual([false, false]);
  await world.ask(who, 'POST', '/streamer/bot/enable');
  expect(await isOn()).toEqual([true, true]);
  // As a writer leaves it that knows the gate alone.
  await world.db
    .updateTable('BotIntegrationSettings')
    .set({ enabled: false })
    .where('channelId', '=', who.channelId)
    .execute();
  expect(await isOn()).toEqual([false, false]);
});
