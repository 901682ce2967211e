/** What a bot may do in a room changes while it is there, and the connection is not told. */
import { expect, test, vi } from 'vitest';
import { NO_LIMITS } from '../../simulators/twitch/limits.ts';
import { linkAccount, PATIENCE, workerWorld } from '../support/worker-world.ts';

const SLUG = 'northpine';
const HELIX_SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'];

test.for([
  ['the shared bot by IRC', 'irc', null],
  ['the shared bot by Helix', 'helix', null],
  ["the channel's own bot, by Helix alone", 'helix', 'own_voice'],
] as const)(
  'a moderator badge gained or lost in mid-stream counts from the next message on: %s',
  async ([, speaksBy, own]) => {
    const world = await workerWorld({ speaksBy, limits: { ...NO_LIMITS, duplicateSeconds: 30 } });
    const { [SLUG]: channelId = '' } = await world.channels(SLUG);
    const { sim, db } = world;
    if (own !== null) {
      sim.addPerson(own);
      const externalAccountId = await linkAccount(db, sim, own, HELIX_SCOPES);
      await db.insertInto('TwitchBotIntegration').values({ channelId, externalAccountId, enabled: true }).execute();
      await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
    }
    world.startWorker();
    await world.joined(SLUG);
    const written = () => sim.messagesIn(SLUG).map(({ text }) => text);
    const say = async (times: number) => {
      const before = written().length;
      await world.queue(channelId, ...Array<string>(times).fill('again'));
      await vi.waitFor(() => expect(written()).toHaveLength(before + times), PATIENCE);
      return written().slice(before);
    };
    const [first, second] = await say(2);
    expect(first).toBe('again');
    expect(second).not.toBe('again');
    const rows = await world.outbox(channelId);
    await vi.waitFor(async () => {
      expect(await world.outbox(channelId)).toMatchObject(rows.map(() => ({ status: 'sent', attempts: 1 })));
    }, PATIENCE);

    sim.setRole(SLUG, own ?? sim.person('memalerts_bot'), 'moderator');
    await say(1);
    expect(await say(2)).toEqual(['again', 'again']);

    sim.setRole(SLUG, own ?? sim.person('memalerts_bot'), 'moderator', false);
    const [varied] = await say(1);
    expect(varied).toMatch(/^again./su);
    await vi.waitFor(async () => {
      const rows = await world.outbox(channelId);
      expect(rows.map(({ status }) => status)).toEqual(Array(rows.length).fill('sent'));
    }, PATIENCE);
  },
);
