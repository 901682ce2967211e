/** Deliveries of Kick: proven first, answered quickly, without effect twice (docs/contract/http-api.md#kick-webhook). */
import { expect } from 'vitest';
import { request } from '../call.ts';
import { fromKick, HOUR_AGO, HOUR_AHEAD } from '../deliveries.ts';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';

async function mapped(at: Stage): Promise<string> {
  const who = await at.streamer();
  const { target } = at.streamerOn('kick');
  await at.subscribe('kick', who.channelId, who.userId, target);
  // Which channels there are is known by a hint of the database; a listing asks for it anew.
  await expect.poll(() => isMapped(at, target)).toBe(true);
  return target;
}

async function isMapped(at: Stage, target: string): Promise<boolean> {
  const answer = await request(at.port, 'POST', '/webhooks/kick/events', fromKick(follow(target), 'channel.followed'));
  return answer.json.ignored === undefined;
}

const user = (user_id: string) => ({ user_id: Number(user_id), username: `u${user_id}` });
const follow = (target: string) => ({ broadcaster: user(target), follower: user('77') });
const line = (target: string, message_id = `m-${Math.random()}`) => ({
  message_id,
  broadcaster: user(target),
  sender: user('77'),
  content: 'hello',
  created_at: new Date().toISOString(),
});

const KICK_SIGNATURE = 'kick-event-signature';

export const kickWebhook: CasesOf = {
  'POST /webhooks/kick/events': [
    {
      when: 'the signature of a line of a mapped channel is valid',
      expects: '200',
      ask: async (at) => fromKick(line(await mapped(at))),
      shows: ({ json }) => expect(json).toEqual({ ok: true }),
    },
    {
      when: 'the instance is a beta: the webhook needs no invitation',
      on: 'beta',
      expects: '200',
      ask: () => fromKick(line('999999')),
      shows: { ok: true },
    },
    {
      when: 'the same delivery comes again',
      expects: '200',
      async ask(at) {
        const ask = fromKick(line(await mapped(at)));
        await request(at.port, 'POST', '/webhooks/kick/events', ask);
        return ask;
      },
      shows: { ok: true, duplicate: true },
    },
    {
      when: 'no channel is mapped to the broadcaster',
      expects: '200',
      ask: () => fromKick(line('999999')),
      shows: { ok: true, ignored: true, reason: 'channel_not_mapped' },
    },
    {
      when: 'the body lacks the fields of its type',
      expects: '200',
      ask: async (at) => fromKick(follow(await mapped(at)), 'chat.message.sent'),
      shows: { ok: true, ignored: true, reason: 'missing_identity' },
    },
    ...each(
      [
        'channel.followed',
        'channel.subscription.new',
        'channel.subscription.renewal',
        'channel.subscription.gifts',
        'kicks.gifted',
        'channel.reward.redemption.updated',
        'something.new',
      ],
      (type) => ({
        when: `the event is ${type}`,
        expects: '200',
        ask: async (at) => fromKick(follow(await mapped(at)), type),
        shows: { ok: true },
      }),
    ),
    ...each([true, false], (is_live) => ({
      when: `the stream has ${is_live ? 'begun' : 'ended'}`,
      expects: '200',
      ask: async (at) =>
        fromKick(
          {
            broadcaster: user(await mapped(at)),
            is_live,
            started_at: new Date(Date.now() - 1000).toISOString(),
            ended_at: is_live ? null : new Date().toISOString(),
          },
          'livestream.status.updated',
        ),
      shows: { ok: true },
    })),
    {
      when: 'the message has no id',
      expects: '400 BAD_REQUEST',
      ask: () => fromKick(line('1'), 'chat.message.sent', { headers: { 'kick-event-message-id': null } }),
    },
    ...each(
      [
        ['the signature is missing', { headers: { [KICK_SIGNATURE]: null } }],
        ['the signature is no base64', { headers: { [KICK_SIGNATURE]: '***' } }],
        ['the time is missing', { headers: { 'kick-event-message-timestamp': null } }],
        ['the time is none', { timestamp: 'yesterday' }],
        ['it is an hour old', { timestamp: HOUR_AGO() }],
        ['it comes from the future', { timestamp: HOUR_AHEAD() }],
        ['the body is another than the signed one', { signed: '{}' }],
      ] as const,
      ([when, wrong]) => ({
        when,
        expects: '403 FORBIDDEN',
        ask: async (at) => fromKick(line(await mapped(at)), 'chat.message.sent', wrong),
        shows: { error: 'Invalid signature' },
      }),
    ),
    {
      when: 'the public key cannot be fetched: the answer is an error, so that Kick retries',
      on: 'unconfigured',
      expects: '503 KICK_PUBLIC_KEY_UNAVAILABLE',
      ask: () => fromKick(line('1')),
    },
    {
      when: 'the database lacks its tables',
      on: 'lacking',
      expects: '404 FEATURE_NOT_AVAILABLE',
      ask: () => fromKick(line('1')),
    },
  ],
};
