/** Which web pages may talk to this API: CORS, and the origin check of everything that changes state (docs/contract/http-api.md#csrf). */
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadInput } from '../../lib/errors.ts';
import { isToolCall } from './tool-callers.ts';

export interface OriginRules {
  readonly allowed: ReadonlySet<string>;
  readonly isProduction: boolean;
  /** Whether a refusal may list the allowed origins. */
  readonly explains: boolean;
}

export interface OriginSources {
  readonly webUrl: string | null;
  readonly overlayUrl: string | null;
  readonly domain: string | null;
}

const CHECKED_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const UNCHECKED = /^\/(internal\/|webhooks|public\/|health$)/;
const DEVELOPMENT_ORIGINS = ['http://localhost:5173', 'http://localhost:5174'];
const NO_ORIGIN = 'null';
const LOCAL_ORIGIN = /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/;

export function allowedOrigins({ webUrl, overlayUrl, domain }: OriginSources): ReadonlySet<string> {
  const origins = [webUrl, overlayUrl].flatMap((url) => (url === null ? [] : [new URL(url).origin]));
  if (domain !== null) origins.push(`https://${domain}`, `https://www.${domain}`);
  return new Set(origins.length > 0 ? origins : DEVELOPMENT_ORIGINS);
}

export function isAllowedOrigin(rules: OriginRules, origin: string): boolean {
  return rules.allowed.has(origin) || (!rules.isProduction && LOCAL_ORIGIN.test(origin));
}

/** What pages of other origins may read of our answers, refusals by limits included. */
export async function registerCors(app: FastifyInstance, rules: OriginRules): Promise<void> {
  await app.register(cors, {
    credentials: true,
    // Some other OPTIONS is no error; it would be one without our envelope.
    strictPreflight: false,
    origin: (origin, callback) => callback(null, origin === undefined || isAllowedOrigin(rules, origin)),
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['Set-Cookie', 'X-Total', 'X-Limit', 'X-Offset', 'X-Request-Id'],
  });
}

/** Refuses changes that a foreign page asks for, before their body is read. */
export function registerOriginCheck(app: FastifyInstance, rules: OriginRules): void {
  app.addHook('onRequest', async (request) => {
    // No page can make a browser send somebody's API token.
    if (!CHECKED_METHODS.has(request.method) || UNCHECKED.test(pathOf(request)) || isToolCall(request)) return;
    requireOrigin(rules, request);
  });
}

/**
 * For a GET that changes something, reached by a link: a navigation from a foreign page carries the login too
 * (docs/contract/http-api.md#csrf).
 *
 * @throws BadInput `CSRF_INVALID`
 */
export function requireOwnNavigation(rules: OriginRules, request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (request.headers.origin === NO_ORIGIN) requireAllowed(rules, NO_ORIGIN);
  if (site === 'same-origin' || site === 'same-site' || site === 'none') return;
  const origin = originOf(request);
  if (origin !== null) requireAllowed(rules, origin);
  else if (rules.isProduction || site !== undefined) throw missingOrigin(request);
}

function requireOrigin(rules: OriginRules, request: FastifyRequest): void {
  const origin = originOf(request);
  const site = request.headers['sec-fetch-site'];
  const isOwnLogout = pathOf(request) === '/auth/logout' && (site === 'same-origin' || site === 'same-site');
  if (origin !== null) requireAllowed(rules, origin);
  else if (rules.isProduction && !isOwnLogout) throw missingOrigin(request);
}

function missingOrigin({ headers }: FastifyRequest): BadInput {
  return new BadInput('CSRF_INVALID', '', {
    details: {
      reason: 'missing_origin',
      secFetchSite: headers['sec-fetch-site'] ?? null,
      originHeader: headers.origin ?? null,
      refererHeader: headers.referer ?? null,
    },
  });
}

function requireAllowed(rules: OriginRules, origin: string): void {
  if (isAllowedOrigin(rules, origin)) return;
  throw new BadInput('CSRF_INVALID', '', {
    details: {
      reason: 'origin_not_allowed',
      requestOrigin: origin,
      ...(rules.explains ? { allowedOrigins: [...rules.allowed] } : {}),
    },
  });
}

/** `null` as text is the origin of pages that have none, such as sandboxed ones: anybody can make one of those. */
function originOf(request: FastifyRequest): string | null {
  const { origin, referer } = request.headers;
  if (origin !== undefined) return origin;
  return referer !== undefined && URL.canParse(referer) ? new URL(referer).origin : null;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
