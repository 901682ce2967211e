/** What has to be right before a bot is switched on, platform by platform, and who may switch it on (docs/contract/http-api.md#switch-a-bot). */
import { expect } from 'vitest';
import type { PlatformPerson, Provider } from '../accounts.ts';
import type { Ask } from '../call.ts';
import { type Case, type CasesOf, each } from '../kit.ts';
import type { Instance, Stage } from '../stage.ts';
import { onTwitch } from './people.ts';

/** What is already right when somebody switches the bot on. */
interface Given {
  /** The streamer's own account; changed before it is stored. */
  readonly linked?: true | Parameters<Stage['linkOwn']>[2];
  readonly bot?: false;
  readonly role?: 'admin';
  /** Last, before the request. */
  readonly meanwhile?: (at: Stage, own: PlatformPerson) => unknown;
  readonly body?: (at: Stage, own: PlatformPerson) => object;
}

async function enable(at: Stage, provider: Provider, given: Given): Promise<Ask> {
  const own = at.streamerOn(provider);
  // Units that were said to be spent are back for the next case.
  if (provider === 'youtube') await at.pg.query('delete from "QuotaLedger"');
  const twitchId = provider === 'twitch' ? own.accountId : null;
  const who = await at.streamer({ role: given.role ?? 'streamer', twitchId });
  if (given.bot === false) await at.noDefaultBot(provider);
  else await at.defaultBot(provider);
  const { linked } = given;
  if (linked !== undefined) await at.linkOwn(who.userId, own, linked === true ? {} : linked);
  await given.meanwhile?.(at, own);
  return { as: who, params: { provider }, body: { enabled: true, ...given.body?.(at, own) } };
}

const of =
  (provider: Provider) =>
  (when: string, expects: string, given: Given, shows: Case['shows'] = {}, on: Instance = 'usual'): Case => ({
    when: `${provider}: ${when}`,
    expects,
    on,
    ask: (at) => enable(at, provider, given),
    shows,
  });

const YOUTUBE_CHANNELS = '/youtube/v3/channels';
const [twitch, youtube, vkvideo, trovo, kick] = [of('twitch'), of('youtube'), of('vkvideo'), of('trovo'), of('kick')];

const ofTwitch: Case[] = [
  twitch('the channel is linked and a bot can speak', '200', {}, { ok: true }),
  twitch('no account can speak', '503 TWITCH_BOT_NOT_CONFIGURED', { bot: false }),
  twitch(
    'the account is gone there',
    '400 BAD_REQUEST',
    { meanwhile: (at) => at.sims.twitch.faults.http({ ...usersAnswer({ data: [] }), times: 1 }) },
    {},
  ),
  twitch('it answers nonsense', '502 UPSTREAM_UNAVAILABLE', {
    meanwhile: (at) => at.sims.twitch.faults.http({ kind: 'answer', status: 500, path: '/helix/users', times: 1 }),
  }),
  {
    when: 'twitch: the channel is not linked to it',
    expects: '400 TWITCH_CHANNEL_NOT_LINKED',
    ask: async (at) => ({
      as: await at.streamer({ twitchId: null }),
      params: { provider: 'twitch' },
      body: { enabled: true },
    }),
  },
];

function usersAnswer(body: object) {
  return { kind: 'answer', status: 200, body, path: '/helix/users' } as const;
}

const relink = (reason: string) => ({ details: { needsRelink: true, reason } });

const ofYouTube: Case[] = [
  youtube('the account has a channel and a bot can speak', '200', { linked: true }, { ok: true }),
  youtube('no account can speak', '503 YOUTUBE_BOT_NOT_CONFIGURED', { linked: true, bot: false }),
  youtube('nothing is linked', '400 YOUTUBE_ENABLE_FAILED', {}, { details: { reason: 'no_external_account' } }),
  youtube(
    'too little was granted',
    '412 YOUTUBE_RELINK_REQUIRED',
    { linked: { scopes: 'openid', brokenAt: new Date() } },
    relink('missing_scopes'),
  ),
  youtube(
    'the grant has ended',
    '412 YOUTUBE_RELINK_REQUIRED',
    { linked: { brokenAt: new Date() } },
    relink('invalid_grant'),
  ),
  youtube(
    'the token ran out and cannot be renewed',
    '412 YOUTUBE_RELINK_REQUIRED',
    { linked: { tokenExpiresAt: new Date(0), refreshToken: null } },
    relink('missing_refresh_token'),
  ),
  {
    when: 'youtube: the Google account has no channel',
    expects: '409 YOUTUBE_CHANNEL_REQUIRED',
    async ask(at: Stage) {
      const who = await at.streamer();
      const name = at.name();
      const { id } = at.sims.youtube.addPerson(name);
      await at.linkOwn(who.userId, { provider: 'youtube', name, accountId: id, target: '' });
      return { as: who, params: { provider: 'youtube' }, body: { enabled: true } };
    },
    shows: { details: { reason: 'api_youtube_signup_required', externalAccountId: expect.any(String) } },
  },
  ...each(
    [
      ['accessNotConfigured', '503 YOUTUBE_API_NOT_CONFIGURED', { reason: 'api_access_not_configured' }],
      ['insufficientPermissions', '412 YOUTUBE_RELINK_REQUIRED', { reason: 'api_insufficient_permissions' }],
      ['forbidden', '400 YOUTUBE_ENABLE_FAILED', { reason: 'api_forbidden', httpStatus: 403 }],
      ['backendError', '400 YOUTUBE_ENABLE_FAILED', { reason: 'api_error' }],
    ] as const,
    ([refusal, expects, details]) =>
      youtube(
        `Google refuses with ${refusal}`,
        expects,
        { linked: true, meanwhile: (at) => at.sims.youtube.faults.refuseCalls(refusal, YOUTUBE_CHANNELS, 1) },
        { details },
      ),
  ),
  // That instance asks Google nothing more today.
  youtube(
    'Google refuses with quotaExceeded',
    '503 YOUTUBE_API_QUOTA',
    { linked: true, meanwhile: (at) => at.sims.youtube.faults.refuseCalls('quotaExceeded', YOUTUBE_CHANNELS, 1) },
    { details: { reason: 'api_quota' } },
    'limited',
  ),
  // Units are spent by asking, and a grant that has ended is remembered as such, whatever comes of it.
].map((one) => ({ ...one, mayWrite: ['QuotaLedger', 'ExternalAccount', 'ConfigChange'] }));

const ADDRESS = 'https://live.vkvideo.ru/';

const ofVkVideo: Case[] = [
  vkvideo('the account has one channel', '200', { linked: true }, { ok: true }),
  vkvideo(
    'the address alone is given: it counts',
    '200',
    { linked: true, body: (_at, { target }) => ({ vkvideoChannelUrl: ADDRESS + target }) },
    { ok: true },
  ),
  vkvideo('no account can speak', '503 VKVIDEO_BOT_NOT_CONFIGURED', { bot: false }),
  vkvideo('nothing is linked', '400 VKVIDEO_NOT_LINKED', {}, { code: 'VKVIDEO_NOT_LINKED' }),
  vkvideo(
    'it does not tell the channels',
    '400 VKVIDEO_CURRENT_USER_FAILED',
    {
      linked: true,
      meanwhile: (at) =>
        at.sims.vkvideo.faults.http({ kind: 'answer', status: 500, path: '/v1/current_user', times: 1 }),
    },
    { code: 'VKVIDEO_CURRENT_USER_FAILED' },
  ),
  vkvideo(
    'there are several channels and none is named',
    '400 BAD_REQUEST',
    {
      linked: true,
      meanwhile: (at, { name }) => at.sims.vkvideo.addChannel(name, `${name}_two`),
    },
    { channels: [expect.stringContaining(ADDRESS), expect.stringContaining('_two')] },
  ),
  vkvideo(
    'the address names no channel',
    '400 BAD_REQUEST',
    { linked: true, body: () => ({ vkvideoChannelUrl: 'https://evil.example/x' }) },
    { channelUrl: 'https://evil.example/x' },
  ),
  vkvideo(
    'id and address do not agree',
    '400 BAD_REQUEST',
    { linked: true, body: (_at, { target }) => ({ vkvideoChannelUrl: target, vkvideoChannelId: 'another' }) },
    { vkvideoChannelId: 'another', vkvideoChannelUrl: expect.any(String) },
  ),
  vkvideo('the id is none of the account', '400 BAD_REQUEST', {
    linked: true,
    body: () => ({ vkvideoChannelId: 'another' }),
  }),
];

const ofTrovo: Case[] = [
  trovo('the account is linked', '200', { linked: true }, { ok: true }),
  trovo('nothing is linked', '400 TROVO_NOT_LINKED', {}, { code: 'TROVO_NOT_LINKED' }),
  trovo('no account can speak', '503 TROVO_BOT_NOT_CONFIGURED', { linked: true, bot: false }),
  trovo('there is no application', '503 TROVO_BOT_NOT_CONFIGURED', { linked: true }, {}, 'unconfigured'),
  trovo('the id is no number', '400 BAD_REQUEST', { linked: true, body: () => ({ trovoChannelId: 'me' }) }),
  trovo('it cannot be reached', '502 UPSTREAM_UNAVAILABLE', {
    linked: true,
    meanwhile: (at) =>
      at.sims.trovo.faults.http({ kind: 'answer', status: 503, path: '/openplatform/getuserinfo', times: 1 }),
  }),
];

const CHAT = 'chat.message.sent';

const ofKick: Case[] = [
  kick('the account is linked with the right to events', '200', { linked: true }, { ok: true }),
  kick('nothing is linked', '400 KICK_NOT_LINKED', {}, { code: 'KICK_NOT_LINKED' }),
  kick('no account can speak', '503 KICK_BOT_NOT_CONFIGURED', { linked: true, bot: false }),
  kick('there is no application', '503 KICK_BOT_NOT_CONFIGURED', { linked: true }, {}, 'unconfigured'),
  kick('the id is no number', '400 BAD_REQUEST', { linked: true, body: () => ({ kickChannelId: 'me' }) }),
  kick('the id is no text', '400 BAD_REQUEST', { linked: true, body: () => ({ kickChannelId: 5 }) }),
  kick('the right to events is missing', '400 KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE', {
    linked: { scopes: 'user:read' },
  }),
  kick(
    'the grant has ended',
    '401 KICK_ACCESS_TOKEN_MISSING',
    { linked: { brokenAt: new Date() } },
    { requiresReauth: true },
  ),
  kick('it refuses to deliver the chat', '502 KICK_SUBSCRIPTION_CREATE_FAILED', {
    linked: true,
    meanwhile: (at) => at.sims.kick.faults.failSubscriptions(CHAT, 'internal error', 1),
  }),
];

/** Whoever names another's channel could divert its chat (W9). */
const ofOwnership: Case[] = [
  vkvideo('the channel is somebody else’s', '403 CHANNEL_NOT_OWNED', {
    linked: true,
    body: (at) => ({ vkvideoChannelUrl: at.streamerOn('vkvideo').target }),
  }),
  trovo('the channel is somebody else’s', '403 CHANNEL_NOT_OWNED', {
    linked: true,
    body: (at) => ({ trovoChannelId: at.streamerOn('trovo').target }),
  }),
  kick('the channel is somebody else’s', '403 CHANNEL_NOT_OWNED', {
    linked: true,
    body: (at) => ({ kickChannelId: at.streamerOn('kick').target }),
  }),
  ...each(['twitch', 'youtube', 'vkvideo', 'trovo', 'kick'] as const, (provider) => ({
    ...of(provider)('another channel uses it already', '409 CHANNEL_ALREADY_ENABLED', {
      linked: true,
      async meanwhile(at, { target }) {
        const other = await at.streamer();
        await at.subscribe(provider, other.channelId, other.userId, target);
      },
    }),
    mayWrite: ['QuotaLedger'],
  })),
  {
    when: 'twitch: the older switch was used before: both say the same',
    expects: '200',
    async ask(at) {
      await at.defaultBot('twitch');
      return { as: await onTwitch(at), params: { provider: 'twitch' }, body: { enabled: true } };
    },
  },
];

export const enabling: CasesOf = {
  'PATCH /streamer/bots/{provider}': [...ofTwitch, ...ofYouTube, ...ofVkVideo, ...ofTrovo, ...ofKick, ...ofOwnership],
};
