import { expect, onTestFinished, test } from 'vitest';
import { startYouTubeSimulator } from '../../../../simulators/youtube/simulator.ts';
import { type StreamerPerson, startApiWorld } from '../../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { READ_SCOPE, WRITE_SCOPE } from '../../../../test/support/youtube-world.ts';

const { url } = await createTestDatabase();
const PATH = '/streamer/bots/youtube';
const CHANNELS = '/youtube/v3/channels';

interface Linked {
  readonly scopes?: readonly string[];
  /** The text of scopes in the stored account. Without it the granted scopes are stored. */
  readonly storedScopes?: string;
  readonly hasRefreshToken?: boolean;
  readonly isBroken?: boolean;
  readonly isExpired?: boolean;
}

let names = 0;

async function world(env: Record<string, string> = {}) {
  const sim = await startYouTubeSimulator({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const api = await startApiWorld(url, { env: { ...sim.env(), ...env } });
  await api.pg.query('delete from "GlobalYouTubeBotCredential"');
  await api.pg.query('delete from "QuotaLedger"');
  const streamer = await api.streamer();
  const name = `streamer_${++names}`;

  async function link(userId: string, who: string, given: Linked = {}): Promise<string> {
    const { scopes = [READ_SCOPE, 'openid'], hasRefreshToken = true, isBroken = false, isExpired = false } = given;
    const token = sim.issueToken(who, scopes);
    const { rows } = await api.pg.query(
      `insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken", "refreshToken", scopes,
         "tokenExpiresAt", "brokenAt")
       values ($1, 'youtube', $2, $3, $4, $5, $6, $7) returning id`,
      [
        userId,
        sim.personOf(who).id,
        token.access,
        hasRefreshToken ? token.refresh : null,
        given.storedScopes ?? scopes.join(' '),
        isExpired ? new Date(0) : null,
        isBroken ? new Date() : null,
      ],
    );
    return rows[0].id;
  }

  return {
    sim,
    api,
    streamer,
    name,
    /** The streamer's own account. */
    linkOwn: (given: Linked = {}, who = name) => {
      if (who === name) sim.addChannel(name);
      return link(streamer.userId, who, given);
    },
    async linkBot(): Promise<void> {
      const bot = `bot_${++names}`;
      sim.addChannel(bot);
      const { rows } = await api.pg.query(`insert into "User" ("displayName") values ('bot') returning id`);
      const id = await link(rows[0].id, bot, { scopes: [WRITE_SCOPE, 'openid'] });
      await api.pg.query(`insert into "GlobalYouTubeBotCredential" ("externalAccountId", enabled) values ($1, true)`, [
        id,
      ]);
    },
    async enable(who: StreamerPerson = streamer) {
      const { status, json } = await api.ask(who, 'PATCH', PATH, { body: { enabled: true } });
      return { status, code: json?.errorCode, details: json?.details };
    },
    row: async () =>
      (
        await api.pg.query(
          `select "youtubeChannelId", "userId", enabled from "YouTubeChatBotSubscription" where "channelId" = $1`,
          [streamer.channelId],
        )
      ).rows[0],
  };
}

test('a streamer with a channel is switched on, at one call of the platform, which is counted', async () => {
  const { sim, api, streamer, name, linkOwn, linkBot, enable, row } = await world();
  await linkOwn();
  await linkBot();
  expect(await enable()).toMatchObject({ status: 200 });
  expect(await row()).toEqual({
    youtubeChannelId: sim.channel(name).id,
    userId: streamer.userId,
    enabled: true,
  });
  expect(sim.spending().calls).toEqual({ 'channels.list': 1 });
  const { rows } = await api.pg.query(`select units from "QuotaLedger" where method = 'total'`);
  expect(rows).toEqual([{ units: 1 }]);
});

test('without an account that speaks it stays off; one named by the environment will do', async () => {
  const { linkOwn, enable, row } = await world();
  await linkOwn();
  expect(await enable()).toMatchObject({ status: 503, code: 'YOUTUBE_BOT_NOT_CONFIGURED' });
  expect(await row()).toBeUndefined();
  const named = await world({ YOUTUBE_BOT_REFRESH_TOKEN: 'a grant' });
  await named.linkOwn();
  expect(await named.enable()).toMatchObject({ status: 200 });
});

test('who has linked nothing, or only a bot, is told so', async () => {
  const { api, enable, linkOwn } = await world();
  const missing = { status: 400, code: 'YOUTUBE_ENABLE_FAILED', details: { reason: 'no_external_account' } };
  expect(await enable()).toMatchObject(missing);
  const id = await linkOwn();
  await api.pg.query(`insert into "GlobalYouTubeBotCredential" ("externalAccountId", enabled) values ($1, true)`, [id]);
  expect(await enable()).toMatchObject(missing);
});

test('without an application nothing can be found out', async () => {
  const { enable, linkOwn } = await world({ YOUTUBE_CLIENT_SECRET: '' });
  await linkOwn();
  expect(await enable()).toMatchObject({ code: 'YOUTUBE_ENABLE_FAILED', details: { reason: 'missing_oauth_env' } });
});

const RELINK = { status: 412, code: 'YOUTUBE_RELINK_REQUIRED' };

test.for([
  ['missing_scopes', { scopes: ['openid'] }],
  ['invalid_grant', { isBroken: true }],
  ['missing_refresh_token', { isExpired: true, hasRefreshToken: false }],
] as const)('%s: the account has to be linked again', async ([reason, given]) => {
  const { enable, linkOwn, linkBot } = await world();
  await linkOwn(given);
  await linkBot();
  const requiredScopesMissing = reason === 'missing_scopes' ? [READ_SCOPE] : null;
  expect(await enable()).toMatchObject({ ...RELINK, details: { needsRelink: true, reason, requiredScopesMissing } });
});

test('a grant that Google ended asks for a new link, and one Google cannot renew now does not', async () => {
  const { sim, name, enable, linkOwn } = await world();
  await linkOwn({ isExpired: true });
  sim.faults.http({ kind: 'answer', status: 503, body: 'busy', path: '/token', times: 1 });
  expect(await enable()).toMatchObject({ status: 400, details: { reason: 'refresh_failed' } });
  sim.faults.revokeGrant(sim.personOf(name));
  const other = await world();
  await other.linkOwn({ isExpired: true });
  other.sim.faults.revokeGrant(other.sim.personOf(other.name));
  expect(await other.enable()).toMatchObject({ ...RELINK, details: { reason: 'invalid_grant' } });
});

test('scopes that were granted and not stored are asked for, and stored', async () => {
  const { api, streamer, enable, linkOwn, linkBot } = await world();
  await linkOwn({ storedScopes: 'openid' });
  await linkBot();
  expect(await enable()).toMatchObject({ status: 200 });
  const { rows } = await api.pg.query('select scopes from "ExternalAccount" where "userId" = $1', [streamer.userId]);
  expect(rows[0].scopes.split(' ')).toContain(READ_SCOPE);
});

test('a Google account without a channel needs one', async () => {
  const { sim, enable, linkOwn, linkBot } = await world();
  const person = `nobody_${++names}`;
  sim.addPerson(person);
  const externalAccountId = await linkOwn({}, person);
  await linkBot();
  expect(await enable()).toEqual({
    status: 409,
    code: 'YOUTUBE_CHANNEL_REQUIRED',
    details: { reason: 'api_youtube_signup_required', externalAccountId },
  });
});

test.for([
  ['quotaExceeded', 503, 'YOUTUBE_API_QUOTA', { reason: 'api_quota' }],
  ['accessNotConfigured', 503, 'YOUTUBE_API_NOT_CONFIGURED', { reason: 'api_access_not_configured' }],
  ['insufficientPermissions', 412, 'YOUTUBE_RELINK_REQUIRED', { reason: 'api_insufficient_permissions' }],
  [
    'forbidden',
    400,
    'YOUTUBE_ENABLE_FAILED',
    { reason: 'api_forbidden', httpStatus: 403, youtubeErrorReason: 'forbidden' },
  ],
  ['backendError', 400, 'YOUTUBE_ENABLE_FAILED', { reason: 'api_error' }],
] as const)('refused with %s the answer is %i %s', async ([reason, status, code, details]) => {
  const { sim, enable, linkOwn, linkBot } = await world();
  await linkOwn();
  await linkBot();
  sim.faults.refuseCalls(reason, CHANNELS, 5);
  expect(await enable()).toMatchObject({ status, code, details });
  expect(sim.calls.filter(({ path }) => path === CHANNELS).length).toBeLessThanOrEqual(1);
});

test('a token refused once is renewed and asked again; refused again, the account has to be linked again', async () => {
  const { sim, enable, linkOwn, linkBot } = await world();
  await linkOwn();
  await linkBot();
  sim.faults.refuseCalls('authError', CHANNELS, 1);
  expect(await enable()).toMatchObject({ status: 200 });
  const other = await world();
  await other.linkOwn();
  other.sim.faults.refuseCalls('authError', CHANNELS, 2);
  expect(await other.enable()).toMatchObject({ ...RELINK, details: { reason: 'api_unauthorized' } });
});

test('switching off asks nobody', async () => {
  const { sim, api, streamer, row, enable, linkOwn, linkBot } = await world();
  await linkOwn();
  await linkBot();
  await enable();
  const calls = sim.calls.length;
  expect((await api.ask(streamer, 'PATCH', PATH, { body: { enabled: false } })).status).toBe(200);
  expect(await row()).toMatchObject({ enabled: false });
  expect(sim.calls).toHaveLength(calls);
});
