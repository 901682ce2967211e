/** A channel with credits, an avatar host that misbehaves, and the overlay open in a browser. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { ApiWorld, StreamerPerson } from '../support/api-world.ts';

/** A transparent pixel. */
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

export interface Somebody {
  readonly name: string;
  readonly avatarUrl?: string;
  readonly provider?: string;
}

/** Answers by the first part of the path: `ok`, `missing`, `moved`, or `hangs`. */
export async function startAvatarHost(onEnd: (stop: () => void) => void) {
  const asked: string[] = [];
  const hanging = new Set<ServerResponse>();
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const [, how, ...rest] = url.split('/');
    if (how === 'ok') response.writeHead(200, { 'content-type': 'image/gif' }).end(PICTURE);
    else if (how === 'moved') response.writeHead(302, { location: `/ok/${rest.join('/')}` }).end();
    else if (how === 'hangs') hanging.add(response.on('close', () => hanging.delete(response)));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    get hanging() {
      return hanging.size;
    },
  };
}

/** Straight into the tables, as an older writer may have stored it. */
export async function credit(api: ApiWorld, who: StreamerPerson, chatters: readonly Somebody[], donors: string[] = []) {
  await api.pg.query(
    `insert into "CreditsChatter" ("channelId", "userId", "displayName", "avatarUrl")
     select $1, provider || ':' || $2 || place, name, avatar
     from unnest($3::text[], $4::text[], $5::text[]) with ordinality as given (provider, name, avatar, place)
     order by place`,
    [
      who.channelId,
      Math.random().toString(36).slice(2),
      chatters.map(({ provider }) => provider ?? 'twitch'),
      chatters.map(({ name }) => name),
      chatters.map(({ avatarUrl }) => avatarUrl ?? null),
    ],
  );
  await api.pg.query(
    `insert into "CreditsDonor" ("channelId", "nameKey", name, amount, currency)
     select $1, lower(name), name, 12.5, 'USD' from unnest($2::text[]) with ordinality as given (name, place)
     order by place`,
    [who.channelId, donors],
  );
  await api.pg.query(`select pg_notify('memalerts', $1)`, [`credits:*:${who.channelId}`]);
}

/** A streamer whose roll lives, and the path of their overlay. */
export async function openRoll(api: ApiWorld) {
  const who = await api.streamer();
  await api.ask(who, 'POST', '/streamer/credits/reset');
  const { url } = (await api.ask(who, 'GET', '/streamer/credits/token')).json;
  const { pathname } = new URL(url);
  const restyle = async (style: object) => {
    const body = { creditsStyleJson: JSON.stringify(style) };
    expect((await api.ask(who, 'POST', '/streamer/credits/settings', { body })).status).toBe(200);
  };
  return { who, pathname, restyle };
}

/** What no page of ours may do is looked at when the test ends: errors that nobody provoked, requests that leave the machine. */
export async function openPage(browser: Browser, { provoked = /^$/ }: { provoked?: RegExp } = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  await page.addInitScript({ path: path.join(import.meta.dirname, 'probe.js') });
  const troubles: string[] = [];
  page.on('pageerror', ({ message }) => troubles.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !provoked.test(message.text())) troubles.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (hostname !== '127.0.0.1') troubles.push(`a request to ${hostname}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(troubles).toEqual([]);
  });
  return page;
}

/** @param question a member of `probe.js`. @returns what it answers */
// biome-ignore lint/suspicious/noExplicitAny: answers have every shape
export function ask(page: Page, question: string, ...given: readonly unknown[]): Promise<any> {
  return page.evaluate(`probe.${question}(${given.map((value) => JSON.stringify(value)).join(', ')})`);
}

export const stateOf = (page: Page) => page.locator('html').getAttribute('data-state');

export const namesOn = (page: Page) => page.locator('bdi').allTextContents();
