/** The configuration as the HTTP server needs it: limits, origins, cookies, addresses. */
import { ownerLogins } from '../config/api-variables.ts';
import type { Config } from '../config.ts';
import type { Db } from '../db/pool.ts';
import { readManifest } from '../lib/manifest.ts';
import { createTokenSeal, type TokenSeal } from '../lib/token-seal.ts';
import type { BodyLimits } from './plugins/body.ts';
import { allowedOrigins } from './plugins/origins.ts';
import { plainAddress } from './plugins/proxies.ts';
import type { BuildFacts } from './routes/health.ts';
import type { ServerRules } from './server.ts';

const KILOBYTE = 1024;
/** Nothing a panel sends comes near it. */
const USUAL_BODY_BYTES = 128 * KILOBYTE;
const LARGE_BODY_BYTES = 512 * KILOBYTE;
const DEVELOPMENT_WEB_URL = 'http://localhost:5173';

export function serverRules({ values, isProduction }: Config, db: Db, seal: TokenSeal): ServerRules {
  const isBeta = values.INSTANCE?.toLowerCase() === 'beta';
  const jwtSecret = values.JWT_SECRET ?? '';
  const origins = {
    allowed: allowedOrigins({ webUrl: values.WEB_URL, overlayUrl: values.OVERLAY_URL, domain: values.DOMAIN }),
    isProduction,
    explains: values.DEBUG_CSRF || values.DEBUG_LOGS,
  };
  return {
    origins,
    callers: { db, jwtSecret, isBeta, explains: values.DEBUG_AUTH || values.DEBUG_LOGS },
    limits: {
      userPerMinute: values.API_USER_REQUESTS_PER_MIN,
      anonymousPer15Minutes: values.API_ANON_REQUESTS_PER_15MIN,
      exemptAddresses: new Set(values.RATE_LIMIT_WHITELIST_IPS.map(plainAddress)),
    },
    proxies: values.TRUSTED_PROXIES,
    bodies: bodyLimits(values),
    say: { outboxTtlMs: outboxTtlMs(values), per30Seconds: values.SAY_PER_30S },
    auth: {
      seal,
      ownerLogins: ownerLogins(values),
      selfSignup: values.SELF_SIGNUP,
      jwtSecret,
      jwtLifetimeSeconds: values.JWT_EXPIRES_IN,
      isProduction,
      isBeta,
      domain: values.DOMAIN,
      origins,
      webBaseUrl: values.WEB_URL ?? (isProduction ? publicBaseUrl(values) : null) ?? DEVELOPMENT_WEB_URL,
    },
    credits: {
      jwtSecret,
      relaySecret: values.INTERNAL_RELAY_SECRET,
      frameAncestors: [...origins.allowed],
      overlayBaseUrl: values.OVERLAY_URL === null ? publicBaseUrl(values) : new URL(values.OVERLAY_URL).origin,
    },
    build: buildFacts(values),
  };
}

function bodyLimits({ JSON_BODY_LIMIT, URLENCODED_BODY_LIMIT }: Config['values']): BodyLimits {
  const large = JSON_BODY_LIMIT ?? LARGE_BODY_BYTES;
  const usual = Math.min(large, USUAL_BODY_BYTES);
  return { large, usual, form: Math.min(URLENCODED_BODY_LIMIT ?? usual, USUAL_BODY_BYTES) };
}

export function tokenSeal({ values }: Config): TokenSeal {
  return createTokenSeal([...values.CREDENTIALS_ENCRYPTION_KEY]);
}

export function publicBaseUrl({ DOMAIN }: Config['values']): string | null {
  return DOMAIN === null ? null : `https://${DOMAIN}`;
}

export function outboxTtlMs({ OUTBOX_TTL_MINUTES }: Config['values']): number {
  return OUTBOX_TTL_MINUTES * 60_000;
}

function buildFacts({ PORT, DOMAIN, INSTANCE }: Config['values']): BuildFacts {
  return { ...readManifest(), port: String(PORT), domain: DOMAIN, instance: INSTANCE };
}
