/** Deliveries of Twitch EventSub: proven first, answered in the words of the contract (docs/contract/http-api.md#twitch-eventsub-webhook). */
import { expect } from 'vitest';
import { request } from '../call.ts';
import { fromTwitch, HOUR_AGO, HOUR_AHEAD } from '../deliveries.ts';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { onTwitch } from './people.ts';

const EVENTSUB = 'twitch-eventsub-message-';

function subscription(type: string, broadcaster_user_id: string, status = 'enabled') {
  return { id: 'sub-1', status, type, condition: { broadcaster_user_id } };
}

async function followed(at: Stage, { greets = true, isOn = true, template = 'hi {user}' } = {}) {
  const who = await onTwitch(at);
  const { rows } = await at.pg.query(
    `update "Channel" set "followGreetingsEnabled" = $1, "followGreetingTemplate" = $2 where id = $3
     returning "twitchChannelId" as id`,
    [greets, template, who.channelId],
  );
  if (isOn) await at.subscribe('twitch', who.channelId, who.userId, who.login);
  return followOf(rows[0].id);
}

function followOf(broadcasterId: string) {
  return {
    subscription: subscription('channel.follow', broadcasterId),
    event: {
      user_id: '55',
      user_login: 'mira',
      user_name: 'Mira',
      broadcaster_user_id: broadcasterId,
      broadcaster_user_login: 'north',
      broadcaster_user_name: 'North',
      followed_at: new Date().toISOString(),
    },
  };
}

const PENDING = 'webhook_callback_verification_pending';
const VERIFICATION = 'webhook_callback_verification';
const challenge = (text = '<script>alert(1)</script>') => ({
  challenge: text,
  subscription: subscription('channel.follow', '1', PENDING),
});
const streamOf = (type: string, id: string) => ({
  subscription: subscription(type, id),
  event: { broadcaster_user_id: id },
});

export const eventsub: CasesOf = {
  'POST /webhooks/twitch/eventsub': [
    {
      when: 'Twitch asks to verify the address: the challenge comes back as plain text',
      expects: '200',
      ask: () => fromTwitch(challenge(), VERIFICATION),
      shows: ({ headers, text }) =>
        expect([headers['content-type'], text]).toEqual(['text/plain; charset=utf-8', challenge().challenge]),
    },
    {
      when: 'the instance is a beta: the webhook needs no invitation',
      on: 'beta',
      expects: '200',
      ask: () => fromTwitch(followOf('404404')),
    },
    ...each(
      [
        ['a follower is greeted', {}, 'Follow greeting enqueued'],
        ['greetings are off', { greets: false }, 'Follow greetings disabled'],
        ['the bot is off', { isOn: false }, 'Bot not enabled for channel, ignoring'],
        ['the greeting is blank', { template: '  ' }, 'Empty greeting, ignoring'],
        ['nobody would see anything of the greeting', { template: '\u200b\u2800\ufe0f' }, 'Empty greeting, ignoring'],
      ] as const,
      ([when, options, message]) => ({
        when,
        expects: '200',
        ask: async (at) => fromTwitch(await followed(at, options)),
        shows: { message },
      }),
    ),
    {
      when: 'the same follow comes again',
      expects: '200',
      async ask(at) {
        const ask = fromTwitch(await followed(at));
        await request(at.port, 'POST', '/webhooks/twitch/eventsub', ask);
        return ask;
      },
      shows: { message: 'Duplicate follow ignored' },
    },
    {
      when: 'the channel is unknown',
      expects: '200',
      ask: () => fromTwitch(followOf('404404')),
      shows: { message: 'Channel not found, ignoring' },
    },
    {
      when: 'a follow lacks the fields of a follow',
      expects: '200',
      ask: () => fromTwitch({ subscription: subscription('channel.follow', '1'), event: { user_id: 5 } }),
      shows: { message: 'Follow event error (ignored)' },
    },
    ...each(['stream.online', 'stream.offline'], (type) => ({
      when: `the event is ${type}`,
      expects: '200',
      ask: async (at) => fromTwitch(streamOf(type, (await followed(at)).event.broadcaster_user_id)),
      shows: { message: expect.stringContaining(type === 'stream.online' ? 'online' : 'offline') },
    })),
    {
      when: 'the stream that begins is a rerun',
      expects: '200',
      async ask(at) {
        const { subscription: about, event } = streamOf(
          'stream.online',
          (await followed(at)).event.broadcaster_user_id,
        );
        return fromTwitch({ subscription: about, event: { ...event, type: 'rerun' } });
      },
      shows: { message: 'Not a live stream, ignoring' },
    },
    {
      when: 'a stream has no broadcaster',
      expects: '200',
      ask: () => fromTwitch({ subscription: subscription('stream.online', '1'), event: {} }),
      shows: { message: 'No broadcaster id, ignoring' },
    },
    ...each(['channel.cheer', 'channel.raid', 'something.new'], (type) => ({
      when: `the event is ${type}`,
      expects: '200',
      ask: () => fromTwitch({ subscription: subscription(type, '1'), event: {} }),
      shows: { message: 'Event received' },
    })),
    {
      when: 'a subscription is revoked',
      expects: '200',
      ask: async (at) => {
        const { event } = await followed(at);
        const gone = subscription('channel.follow', event.broadcaster_user_id, 'authorization_revoked');
        return fromTwitch({ subscription: gone }, 'revocation');
      },
    },
    ...each(
      [
        ['the challenge is no JSON by its header', challenge(), { 'content-type': 'text/plain' }],
        ['the challenge comes as a form', challenge(), { 'content-type': 'application/x-www-form-urlencoded' }],
        ['the challenge is too long', challenge('x'.repeat(1001)), {}],
        ['the body is a list', [], {}],
      ] as const,
      ([when, body, headers]) => ({
        when,
        expects: '400 BAD_REQUEST',
        ask: () => fromTwitch(body, VERIFICATION, { headers }),
      }),
    ),
    ...each(
      [
        ['the challenge is not signed', { headers: { [`${EVENTSUB}signature`]: null } }, 'Missing signature headers'],
        ['the id is missing', { headers: { [`${EVENTSUB}id`]: null } }, 'Missing signature headers'],
        ['the time is missing', { headers: { [`${EVENTSUB}timestamp`]: null } }, 'Missing signature headers'],
        ['it is signed by somebody else', { signed: '{}' }, 'Invalid signature'],
        ['the signature is no hex', { headers: { [`${EVENTSUB}signature`]: 'sha256=xyz' } }, 'Invalid signature'],
        ['the time is none', { timestamp: 'yesterday' }, 'Invalid timestamp'],
        ['it is an hour old', { timestamp: HOUR_AGO() }, 'Request too old'],
        ['it comes from the future', { timestamp: HOUR_AHEAD() }, 'Request too old'],
      ] as const,
      ([when, wrong, error]) => ({
        when,
        expects: '403 FORBIDDEN',
        ask: () => fromTwitch(challenge(), VERIFICATION, wrong),
        shows: { error },
      }),
    ),
    {
      when: 'the database lacks its tables',
      on: 'lacking',
      expects: '404 FEATURE_NOT_AVAILABLE',
      async ask(at) {
        await at.streamer({ twitchId: '5005' });
        return fromTwitch(streamOf('stream.online', '5005'));
      },
    },
  ],
};
