/** Somebody for whom everything is set up, so that random requests have something to break. */
import { PROVIDERS } from './accounts.ts';
import { call } from './call.ts';
import type { Known } from './random-requests.ts';
import type { Stage } from './stage.ts';

/** A right value for every field of a body, whichever route it belongs to. */
const FIELDS = {
  enabled: true,
  trigger: '!x',
  response: 'x',
  onlyWhenLive: false,
  allowedRoles: ['vip'],
  allowedUsers: ['ada'],
  vkvideoAllowedRoleIds: ['r1'],
  message: 'x',
  provider: 'twitch',
  followGreetingTemplate: 'hi {user}',
  responseTemplate: '{hours}',
  breakCreditMinutes: 5,
  creditsStyleJson: '{}',
  minutes: 5,
  creditsIgnoredChatters: ['bot'],
  userId: 'u',
  displayName: 'x',
  avatarUrl: null,
  name: 'x',
  amount: 1,
  currency: 'RUB',
  scopes: ['say'],
  expiresAt: null,
  source: 'shop',
  kickChannelId: '5',
  trovoChannelId: '5',
  vkvideoChannelUrl: 'north',
  challenge: 'x',
  event: {},
  is_live: true,
  started_at: '2026-01-01T00:00:00Z',
  message_id: 'm1',
  content: '!known',
  sender: { user_id: 77, username: 'mira' },
  followed_at: '2026-01-01T00:00:00Z',
  user_id: '77',
  user_login: 'mira',
  user_name: 'Mira',
  broadcaster_user_login: 'north',
  broadcaster_user_name: 'North',
};

/** An owner with a channel, accounts, bots and rows, and others who have less. */
export async function settle(stage: Stage): Promise<Known> {
  const twitch = stage.streamerOn('twitch');
  const owner = await stage.streamer({ role: 'admin', twitchId: twitch.accountId });
  const streamer = await stage.streamer();
  const viewer = await stage.person('viewer');
  const accounts = [];
  const targets = new Map<string, string>();
  for (const provider of PROVIDERS) {
    await stage.defaultBot(provider);
    const own = provider === 'twitch' ? twitch : stage.streamerOn(provider);
    accounts.push(await stage.linkOwn(owner.userId, own));
    await stage.subscribe(provider, owner.channelId, owner.userId, own.target);
    targets.set(provider, own.target);
  }
  await stage.entitle(owner.channelId);
  await stage.pg.query('update "Channel" set "followGreetingsEnabled" = true where id = $1', [owner.channelId]);
  const command = await call(stage.port, 'POST /streamer/bot/commands', {
    as: owner,
    body: { trigger: '!known', response: 'x' },
  });
  const said = await call(stage.port, 'POST /streamer/bot/say', {
    as: owner,
    body: { message: 'x', provider: 'kick' },
  });
  const token = await call(stage.port, 'GET /streamer/credits/token', { as: owner });
  const ids = [command.json.id, said.json.outbox.id, token.json.token, twitch.accountId, ...accounts];
  return {
    callers: [owner, owner, owner, owner, streamer, streamer, viewer, null, { token: 'a.b.c' }],
    values: [...PROVIDERS, ...ids, owner.channelId, owner.slug, 'vip', '!known', 'sent', '/dashboard', '5'],
    fields: {
      ...FIELDS,
      channelId: owner.channelId,
      channelSlug: owner.slug,
      externalId: twitch.accountId,
      broadcaster_user_id: twitch.accountId,
      broadcaster: { user_id: Number(targets.get('kick')) },
    },
  };
}
