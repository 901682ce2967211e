/** What holds for every route of a family, whatever it does: who may call, from where, how often, with how much. */
import { expect } from 'vitest';
import { issueSession } from '../../src/accounts/sessions.ts';
import { issueOverlayToken } from '../../src/credits/overlay-token.ts';
import { JWT_SECRET } from '../support/api-world.ts';
import { type Ask, call } from './call.ts';
import type { Promised, Route } from './contract.ts';
import type { Case } from './kit.ts';
import { hasBody, sampleOf } from './samples.ts';
import type { Stage } from './stage.ts';

const TOO_MANY_BYTES = 64 * 1024 + 1;
const LIMIT = 3;
const EVIL = 'https://evil.example';

/** Bounded by signatures and body sizes, or asked by machines (docs/design.md#request-limits). */
const UNLIMITED = /^(\w+ \/internal|POST \/webhooks|GET \/overlay|GET \/(health|healthz|ready|readyz|metrics)$)/;
const SIGNED_IN =
  /^(\w+ \/(streamer|owner)\/|GET \/auth\/(?:me|accounts)|POST \/auth\/logout\/everywhere|DELETE \/auth\/accounts|GET \/auth\/\{provider\}\/link$)/;
const CHANGES = /^(POST|PATCH|DELETE) \/(streamer|owner|auth)\//;
/** They read none, or a missing one means something else to them (docs/contract/http-api.md#feature-not-available). */
const NEEDS_NO_TABLE =
  /^(GET \/streamer\/entitlements\/custom-bot|GET \/streamer\/bots\/\{provider\}\/diagnostics|GET \/owner\/diagnostics|GET \/internal\/diagnostics|GET \/streamer\/bots\/\{provider\}\/bot\/link|POST \/auth\/logout|GET \/overlay\/credits\/t\/\{token\}|GET \/(health|healthz|ready|readyz|metrics|capabilities)|GET \/(dashboard|settings\/.*)?)$/;
/** Theirs is the table of rights alone. */
const OF_ENTITLEMENTS = /^\w+ \/owner\/entitlements\//;
/** As Twitch numbers people; nobody of the simulated ones. */
const FIRST_PERSON = 810_900_000;

/** The cases every route of the contract has by its family. */
export function guardsOf(route: Route): readonly Case[] {
  return [
    ...(SIGNED_IN.test(route) ? signedIn(route) : []),
    ...(/ \/streamer\//.test(route) ? ofStreamers(route) : []),
    ...(/ \/owner\//.test(route) ? ofOwners(route) : []),
    ...(/ \/(streamer|owner)\//.test(route) ? [closedBeta(route)] : []),
    ...(CHANGES.test(route) ? foreignPage(route) : []),
    ...(hasBody(route) ? bodies(route) : []),
    ...(UNLIMITED.test(route) ? [] : [tooMany(route)]),
    ...(NEEDS_NO_TABLE.test(route) || route.startsWith('POST /webhooks') ? [] : [withoutTables(route)]),
  ];
}

export function guardAnswers(route: Route): readonly Promised[] {
  return guardsOf(route).map(({ expects }) => expects);
}

/** The caller the route is made for. */
async function welcome(route: Route, stage: Stage): Promise<Ask> {
  const sample = sampleOf(route);
  if (/ \/owner\//.test(route)) return { ...sample, as: await stage.streamer({ role: 'admin' }) };
  if (SIGNED_IN.test(route)) return { ...sample, as: await stage.streamer() };
  return sample;
}

function signedIn(route: Route): Case[] {
  return [
    { when: 'nobody is signed in', expects: '401 UNAUTHORIZED', ask: () => sampleOf(route) },
    {
      when: 'the token is signed by somebody else',
      expects: '401 UNAUTHORIZED',
      ask: async (at) => ({ ...sampleOf(route), as: await signedBy(at, 'another secret', 3600) }),
    },
    {
      when: 'the token is the one of an overlay',
      expects: '401 UNAUTHORIZED',
      async ask(at) {
        const { channelId, slug } = await at.streamer({ role: 'admin' });
        const token = await issueOverlayToken({ channelId, channelSlug: slug, version: 1 }, JWT_SECRET);
        return { ...sampleOf(route), as: { token } };
      },
    },
    {
      when: 'the login has expired',
      expects: '401 SESSION_EXPIRED',
      ask: async (at) => ({ ...sampleOf(route), as: await signedBy(at, JWT_SECRET, -1) }),
    },
  ];
}

async function signedBy(stage: Stage, secret: string, seconds: number): Promise<{ token: string }> {
  const { userId, channelId } = await stage.streamer({ role: 'admin' });
  const now = stage.clock.now();
  return { token: await issueSession({ userId, role: 'admin', channelId }, secret, seconds, now) };
}

function ofStreamers(route: Route): Case[] {
  return [
    {
      when: 'a viewer asks',
      expects: '403 FORBIDDEN',
      ask: async (at) => ({ ...sampleOf(route), as: await at.person('viewer') }),
      shows: { details: { hint: expect.stringContaining('memalerts create-channel') } },
    },
    {
      when: 'an admin without a channel asks',
      expects: '400 MISSING_CHANNEL_ID',
      ask: async (at) => ({ ...sampleOf(route), as: await at.person('admin') }),
      shows: { details: { hint: expect.stringContaining('memalerts create-channel') } },
    },
  ];
}

function ofOwners(route: Route): Case[] {
  return (['viewer', 'streamer'] as const).map((role) => ({
    when: `a ${role} asks`,
    expects: '403 FORBIDDEN',
    ask: async (at) => ({ ...sampleOf(route), as: await at.person(role) }),
  }));
}

function closedBeta(route: Route): Case {
  return {
    when: 'the instance is a beta and the user has no access to it',
    on: 'beta',
    expects: '403 BETA_ACCESS_REQUIRED',
    ask: async (at) => ({ ...sampleOf(route), as: await at.streamer({ role: 'admin' }) }),
  };
}

function foreignPage(route: Route): Case[] {
  return [
    {
      when: 'the request comes from a foreign page',
      expects: '403 CSRF_INVALID',
      ask: async (at) => ({ ...(await welcome(route, at)), headers: { origin: EVIL } }),
      shows: { details: { reason: 'origin_not_allowed', requestOrigin: EVIL } },
    },
    {
      when: 'in production nobody says where the request comes from',
      on: 'production',
      expects: '403 CSRF_INVALID',
      ask: (at) => welcome(route, at),
      shows: { details: { reason: 'missing_origin', secFetchSite: null, originHeader: null, refererHeader: null } },
    },
  ];
}

function bodies(route: Route): Case[] {
  return [
    {
      when: 'the body is no JSON',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await welcome(route, at)), raw: '{"enabled": tru' }),
    },
    {
      when: 'the body is too large',
      on: 'limited',
      expects: '413 FILE_TOO_LARGE',
      ask: async (at) => ({ ...(await welcome(route, at)), raw: JSON.stringify('x'.repeat(TOO_MANY_BYTES)) }),
    },
  ];
}

const ENDS_ITS_LOGIN = /^POST \/auth\/logout\/everywhere$/;

let addresses = 0;

function tooMany(route: Route): Case {
  return {
    when: 'the same caller asked too often',
    on: 'limited',
    expects: '429 RATE_LIMITED',
    async ask(at) {
      const asked = await welcome(route, at);
      const ask = { ...asked, headers: { ...asked.headers, 'x-forwarded-for': `203.0.113.${++addresses}` } };
      // The first call may end the login: then the limit of its person is used up on another route.
      const [used, usedUp]: [Route, Ask] = ENDS_ITS_LOGIN.test(route)
        ? ['GET /auth/accounts', { as: ask.as ?? null, headers: ask.headers }]
        : [route, ask];
      for (let times = 0; times < LIMIT; times += 1) await call(at.port, used, usedUp);
      return ask;
    },
    shows({ headers }) {
      for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after']) {
        if (!/^\d+$/.test(String(headers[name]))) throw new Error(`${name} is missing`);
      }
    },
  };
}

/** Of a person nobody knows it says that first. */
const OF_A_USER = / \/owner\/users\//;

function withoutTables(route: Route): Case {
  return {
    when: 'the database lacks its tables',
    on: OF_ENTITLEMENTS.test(route) ? 'unentitled' : 'lacking',
    expects: '404 FEATURE_NOT_AVAILABLE',
    async ask(at) {
      const asked = await welcome(route, at);
      if (OF_A_USER.test(route)) return { ...asked, params: { id: (await at.person('viewer')).userId } };
      if (asksForPerson(asked)) return { ...asked, ...(await ofKnownPerson(asked, at)) };
      if (!route.startsWith('GET /overlay')) return asked;
      const { channelId, slug } = await at.streamer();
      return { params: { token: await issueOverlayToken({ channelId, channelSlug: slug, version: 1 }, JWT_SECRET) } };
    },
    shows: { error: 'Feature not available' },
  };
}

let people = 0;

function asksForPerson({ query, body }: Ask): boolean {
  return JSON.stringify([query, body]).includes('externalId');
}

/** A person nobody knows would be told so first. */
async function ofKnownPerson({ query, body }: Ask, at: Stage): Promise<Ask> {
  const externalId = String(FIRST_PERSON + ++people);
  await at.streamer({ twitchId: externalId });
  return query === undefined ? { body: { ...(body as object), externalId } } : { query: { ...query, externalId } };
}
