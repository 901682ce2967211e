/** A person's browser towards the API: signs in through Twitch's consent page and keeps the login cookie. */
import { decodeJwt } from 'jose';
import type { UserId } from '../src/lib/brand.ts';

export interface ApiClient {
  readonly userId: UserId;
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  patch(path: string, body: unknown): Promise<unknown>;
}

/** @param login who consents on the simulated Twitch */
export async function signIn(apiUrl: string, login: string): Promise<ApiClient> {
  const start = await follow(`${apiUrl}/auth/twitch`);
  const consent = new URL(start.location);
  consent.searchParams.set('as', login);
  const consented = await follow(consent.href);
  const { cookies } = await follow(consented.location, start.cookies);
  const token = cookies.find((cookie) => cookie.startsWith('token='));
  if (token === undefined) throw new Error(`the API did not let ${login} sign in`);
  const { userId } = decodeJwt<{ userId: UserId }>(token.slice('token='.length));
  const call = (method: string, path: string, body?: unknown) => callApi(apiUrl, token, method, path, body);
  return {
    userId,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
  };
}

/** One hop of a redirect, as a browser sees it. */
async function follow(url: string, cookies: readonly string[] = []): Promise<{ location: string; cookies: string[] }> {
  const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.join('; ') } });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`${new URL(url).pathname} answers ${response.status} instead of a redirect`);
  const set = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '');
  return { location, cookies: set };
}

async function callApi(apiUrl: string, cookie: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { cookie, origin: apiUrl, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${answer}`);
  return JSON.parse(answer);
}
