/** Variables that only the API reads. */
import { custom, integer, list, type SettingsOf, switchedOn, text, url, variables } from '../lib/settings.ts';
import { readTrustedProxies, type TrustedProxies } from './trusted-proxies.ts';

const api = ['api'];

export const apiVariables = variables({
  PORT: integer({ help: 'Port of the HTTP server.', readBy: api, default: 3001, min: 0, max: 65_535 }),
  HOST: text({
    help: 'Address that the HTTP server listens on. Use 127.0.0.1 behind a proxy on this machine.',
    readBy: api,
    default: '0.0.0.0',
  }),
  DOMAIN: custom(
    {
      source: 'the name in your DNS that leads to this API by HTTPS; empty for a trial on this machine alone',
      fill: '{host}',
      help: 'Public host name without scheme. Webhook addresses and allowed origins are derived from it.',
      readBy: api,
      isOwnAddress: true,
      default: null as string | null,
      rangeText: 'host name',
    },
    (raw) =>
      /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d+)?$/i.test(raw)
        ? { value: raw.toLowerCase() }
        : { problem: 'DOMAIN must be a host name without scheme and path, such as bots.example.org' },
  ),
  INSTANCE: text({
    help: '`beta` makes this the beta instance. Its login cookie is token_beta, and it serves only users with beta access.',
    readBy: api,
  }),
  WEB_URL: url({
    source: 'the address of your panel; without one https://<DOMAIN>, or http://localhost:<PORT> for a trial',
    fill: '{origin}',
    help: 'Origin of the panel. Browsers are sent there after signing in.',
    readBy: api,
    isOwnAddress: true,
  }),
  OVERLAY_URL: url({
    help: 'Origin of overlay addresses when it is not DOMAIN. It is an allowed origin too.',
    readBy: api,
    isOwnAddress: true,
  }),
  JWT_SECRET: text({
    source: '`pnpm memalerts setup` makes one, or `openssl rand -hex 32`',
    fill: '{secret}',
    help: 'Secret that signs login tokens and overlay tokens. Use 32 random characters or more: `openssl rand -hex 32` makes them.',
    readBy: api,
    requiredBy: api,
    isSecret: true,
  }),
  JWT_SECRET_ALLOW_SHORT: switchedOn({
    help: 'Lets the API start in production with a JWT_SECRET shorter than 32 characters. Each start logs a warning.',
    readBy: api,
  }),
  JWT_EXPIRES_IN: lifetime('Lifetime of a login, such as 12h or 7d.'),
  JSON_BODY_LIMIT: size(
    'JSON_BODY_LIMIT',
    'Largest body of webhooks, of the relay and of the credits style. All other bodies are limited to 128 kB.',
    '512kb',
  ),
  URLENCODED_BODY_LIMIT: size(
    'URLENCODED_BODY_LIMIT',
    'Largest form body. More than 128 kB is never accepted.',
    '128kb',
  ),
  TRUSTED_PROXIES: custom(
    {
      help: 'Proxies whose X-Forwarded-* headers count: their number, or their addresses and networks separated by commas (also loopback, linklocal, uniquelocal). By default one proxy on this machine or on a private network.',
      readBy: api,
      default: null as TrustedProxies | null,
      defaultText: 'one near proxy',
      rangeText: 'hops, or comma-separated list of networks',
    },
    readTrustedProxies,
  ),
  RATE_LIMIT_WHITELIST_IPS: list({
    help: 'IP addresses that are exempt from the request limits, signed in or not.',
    readBy: api,
  }),
  API_USER_REQUESTS_PER_MIN: integer({
    help: 'Requests per minute of one signed-in user. 0 removes the limit.',
    readBy: api,
    default: 600,
  }),
  API_ANON_REQUESTS_PER_15MIN: integer({
    help: 'Anonymous requests per 15 minutes from one IP address. 0 removes the limit.',
    readBy: api,
    default: 100,
  }),
  SAY_PER_30S: integer({
    help: 'Calls of POST /streamer/bot/say per 30 seconds for one channel and platform. 0 removes the limit.',
    readBy: api,
    default: 20,
  }),
  OWNER_TWITCH_LOGINS: list({
    help: 'Twitch logins whose users become owners when they sign in. The first sign-in binds a login to its Twitch account for good.',
    readBy: api,
  }),
  SELF_SIGNUP: switchedOn({ help: 'Gives streamers a channel at their first sign-in.', readBy: api }),
  DEBUG_LOGS: switchedOn({ help: 'Logs more details of every kind. Not for production.', readBy: api }),
  DEBUG_AUTH: switchedOn({ help: 'Logs why a login was refused.', readBy: api }),
  DEBUG_CSRF: switchedOn({ help: 'Names the allowed origins when the origin check refuses a request.', readBy: api }),
  SOCKET_ORIGINS_LOG: switchedOn({ help: 'Logs the allowed origins at the start.', readBy: api }),
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
      rangeText: 'bytes, or a number with kb or mb',
    },
    (raw) => {
      const match = /^(\d+)\s*(b|kb|mb)?$/i.exec(raw);
      if (!match) return { problem: `${name} must be a number of bytes, or a number with kb or mb, such as 512kb` };
      const unit = { b: 1, kb: 1024, mb: 1024 * 1024 }[(match[2] ?? 'b').toLowerCase()] ?? 1;
      return { value: Number(match[1]) * unit };
    },
  );
}

/** In seconds; `90s`, `30m`, `12h`, `7d`, `2w` or plain seconds. */
function lifetime(help: string) {
  return custom(
    {
      help,
      readBy: api,
      default: 7 * 24 * 3600,
      defaultText: '7d',
      rangeText: 'seconds, or a number with s, m, h, d or w',
    },
    (raw) => {
      const match = /^(\d+)\s*([smhdw])?$/i.exec(raw);
      const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[(match?.[2] ?? 's').toLowerCase()] ?? 1;
      const seconds = Number(match?.[1]) * unit;
      return seconds > 0 && Number.isSafeInteger(seconds)
        ? { value: seconds }
        : { problem: 'JWT_EXPIRES_IN must be a duration, such as 12h or 7d' };
    },
  );
}
