/** Variables that only the API reads. */
import { custom, integer, list, type SettingsOf, switchedOn, text, url, variables } from '../lib/settings.ts';

const api = ['api'];

export const apiVariables = variables({
  PORT: integer({ help: 'HTTP port', readBy: api, default: 3001, min: 0, max: 65_535 }),
  HOST: text({
    help: 'address to listen on; 127.0.0.1 behind a proxy on this machine',
    readBy: api,
    default: '0.0.0.0',
  }),
  DOMAIN: custom(
    {
      help: 'public host, without scheme; webhook addresses and allowed origins come from it',
      readBy: api,
      isOwnAddress: true,
      isUsuallySet: true,
      default: null as string | null,
      rangeText: 'host name',
    },
    (raw) =>
      /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d+)?$/i.test(raw)
        ? { value: raw.toLowerCase() }
        : { problem: 'DOMAIN has to be a host name alone, without scheme or path, e.g. bots.example.org' },
  ),
  INSTANCE: text({ help: '`beta` makes this the beta instance: cookie token_beta, beta origins', readBy: api }),
  WEB_URL: url({ help: 'origin of the panel, target of redirects after sign-in', readBy: api, isOwnAddress: true }),
  OVERLAY_URL: url({ help: 'one more allowed origin', readBy: api, isOwnAddress: true }),
  JWT_SECRET: text({
    help: 'signs login and overlay tokens; random text of 32 characters or more, e.g. of `openssl rand -hex 32`',
    readBy: api,
    requiredBy: api,
    isSecret: true,
  }),
  JWT_SECRET_ALLOW_SHORT: switchedOn({
    help: 'lets production start with a JWT_SECRET under 32 characters, with a warning at each start',
    readBy: api,
  }),
  JWT_EXPIRES_IN: lifetime('life of a login, e.g. 12h or 7d'),
  JSON_BODY_LIMIT: size(
    'JSON_BODY_LIMIT',
    'largest body of a webhook, of the relay and of the look of the credits; all other bodies end at 128 kB',
    '512kb',
  ),
  URLENCODED_BODY_LIMIT: size('URLENCODED_BODY_LIMIT', 'largest form body; 128 kB at most', '128kb'),
  RATE_LIMIT_WHITELIST_IPS: list({ help: 'addresses without the anonymous limit', readBy: api }),
  API_USER_REQUESTS_PER_MIN: integer({ help: 'limit per signed-in user, 0 is off', readBy: api, default: 600 }),
  API_ANON_REQUESTS_PER_15MIN: integer({
    help: 'limit per address without login, 0 is off',
    readBy: api,
    default: 100,
  }),
  SAY_PER_30S: integer({ help: 'limit of say per channel and provider, 0 is off', readBy: api, default: 20 }),
  OWNER_TWITCH_LOGINS: list({
    help: 'Twitch logins that become owners at sign-in; the first use binds each to its account for good',
    readBy: api,
  }),
  SELF_SIGNUP: switchedOn({ help: 'streamers get a channel at their first sign-in', readBy: api }),
  DEBUG_LOGS: switchedOn({ help: 'verbose diagnostics; never in production', readBy: api }),
  DEBUG_AUTH: switchedOn({ help: 'diagnostics of sign-in', readBy: api }),
  DEBUG_CSRF: switchedOn({ help: 'diagnostics of origin checks', readBy: api }),
  SOCKET_ORIGINS_LOG: switchedOn({ help: 'logs the allowed origins at start', readBy: api }),
});

/** Logins that become owners at sign-in, by the platform they are logins of: elsewhere anybody may have that name. */
export function ownerLogins(
  values: Pick<SettingsOf<typeof apiVariables>, 'OWNER_TWITCH_LOGINS'>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map([['twitch', new Set(values.OWNER_TWITCH_LOGINS.map((login) => login.toLowerCase()))]]);
}

/** `512kb`, `1mb` or plain bytes. */
function size(name: string, help: string, defaultText: string) {
  return custom(
    {
      help,
      readBy: api,
      default: null as number | null,
      defaultText,
      rangeText: 'bytes, or with kb/mb',
    },
    (raw) => {
      const match = /^(\d+)\s*(b|kb|mb)?$/i.exec(raw);
      if (!match) return { problem: `${name} has to be a number of bytes, or one with kb or mb, e.g. 512kb` };
      const unit = { b: 1, kb: 1024, mb: 1024 * 1024 }[(match[2] ?? 'b').toLowerCase()] ?? 1;
      return { value: Number(match[1]) * unit };
    },
  );
}

/** In seconds; `90s`, `30m`, `12h`, `7d`, `2w` or plain seconds. */
function lifetime(help: string) {
  return custom(
    { help, readBy: api, default: 7 * 24 * 3600, defaultText: '7d', rangeText: 'seconds, or with s/m/h/d/w' },
    (raw) => {
      const match = /^(\d+)\s*([smhdw])?$/i.exec(raw);
      const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[(match?.[2] ?? 's').toLowerCase()] ?? 1;
      const seconds = Number(match?.[1]) * unit;
      return seconds > 0 && Number.isSafeInteger(seconds)
        ? { value: seconds }
        : { problem: 'JWT_EXPIRES_IN has to be a duration like 12h or 7d' };
    },
  );
}
