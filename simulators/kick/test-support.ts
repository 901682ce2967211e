/** What the tests of the simulated Kick share: one that stops by itself, calls to it, and a webhook that checks. */
import { verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import type { KickSimulatorOptions } from './options.ts';
import { type KickSimulator, startKickSimulator } from './simulator.ts';

const HOST = 'bot.example';

/** Stops with the test. */
export async function simulator(options?: KickSimulatorOptions): Promise<KickSimulator> {
  const sim = await startKickSimulator(options);
  onTestFinished(() => sim.stop());
  return sim;
}

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

/** A call to the API. @param path what follows `/public/v1/` */
export async function ask(
  sim: KickSimulator,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Asked> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(`${sim.urls.api}/public/v1/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** A streamer with the rights to read, and a grant for it. */
export function streamer(sim: KickSimulator, name = 'northpine'): { id: number; token: string } {
  const { id } = sim.addChannel(name);
  const scopes = ['user:read', 'channel:read', 'events:subscribe', 'chat:write'];
  return { id: Number(id), token: sim.issueToken(name, scopes).access };
}

/** @returns the ids of the new subscriptions, in order */
export async function subscribe(sim: KickSimulator, token: string, ...names: string[]): Promise<string[]> {
  const events = names.map((name) => ({ name, version: 1 }));
  const { body } = await ask(sim, 'POST', 'events/subscriptions', { token, body: { method: 'webhook', events } });
  return (body as { data: { subscription_id: string }[] }).data.map(({ subscription_id: id }) => id);
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: Record<string, unknown>;
}

/** The application's webhook. It checks nothing by itself and answers 200 until told otherwise. */
export class Webhook {
  readonly received: Received[] = [];
  /** Statuses of the next answers, then 200. */
  statuses: number[] = [];
  /** Always, before `statuses` is looked at. */
  always: number | null = null;
  answerAfterMs = 0;
  /** Called with each delivery before it is answered. */
  onReceived: (received: Received) => void = () => {};
  statusOf: (received: Received) => number = () => this.always ?? this.statuses.shift() ?? 200;

  url = '';

  /** Listens, is mapped and set as the application's address; ends with the test. */
  static async of(sim: KickSimulator): Promise<Webhook> {
    const webhook = await Webhook.start();
    sim.mapHost(HOST, webhook.url);
    sim.setApplication({ webhookUrl: `https://${HOST}/webhooks/kick/events` });
    return webhook;
  }

  /** Listens; ends with the test. */
  static async start(): Promise<Webhook> {
    const webhook = new Webhook();
    const server = createServer(async (request, response) => {
      const raw = await buffer(request);
      const body = parsed(raw.toString('utf8')) as Record<string, unknown>;
      const received = { path: request.url ?? '', headers: request.headers, raw, body };
      webhook.received.push(received);
      webhook.onReceived(received);
      if (webhook.answerAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, webhook.answerAfterMs));
      response.writeHead(webhook.statusOf(received)).end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    webhook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return webhook;
  }

  /** Waits until so many have come. */
  async next(count: number): Promise<Received[]> {
    await vi.waitFor(
      () => {
        if (this.received.length < count) throw new Error(`${this.received.length} of ${count} deliveries came`);
      },
      { timeout: 10_000, interval: 5 },
    );
    return this.received;
  }

  texts(): unknown[] {
    return this.received.map(({ body }) => body.content);
  }
}

/** Checked as the documentation says, with nothing of the simulator. */
export function isGenuine({ headers, raw }: Received, publicPem: string): boolean {
  const id = headers['kick-event-message-id'];
  const timestamp = headers['kick-event-message-timestamp'];
  const signature = String(headers['kick-event-signature']);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), raw]);
  return verify('RSA-SHA256', signed, publicPem, Buffer.from(signature, 'base64'));
}

/** The public key that the simulator publishes. */
export async function publicKey(sim: KickSimulator): Promise<string> {
  const { body } = await ask(sim, 'GET', 'public-key');
  return (body as { data: { public_key: string } }).data.public_key;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
