/** What the tests of the simulated VK Video Live share: one that stops by itself, the real client, and a bare socket. */
import { once } from 'node:events';
import { Centrifuge, type Options, type Subscription, type SubscriptionOptions, UnauthorizedError } from 'centrifuge';
import { onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { VkVideoSimulatorOptions } from './options.ts';
import { startVkVideoSimulator, type VkVideoSimulator } from './simulator.ts';

export const STREAMER = 'northpine';
export const BOT = 'helperbot';

interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One live channel and an account that reads and writes. Stops with the test. */
export async function simulator(options: VkVideoSimulatorOptions = {}): Promise<VkVideoSimulator> {
  const sim = await startVkVideoSimulator({ limits: 'off', ...options });
  onTestFinished(() => sim.stop());
  sim.addChannel(STREAMER);
  sim.addPerson(BOT);
  sim.goLive(STREAMER);
  return sim;
}

const connectionAnswer = z.object({ data: z.object({ token: z.string() }) });
const channelTokens = z.array(z.object({ channel: z.string(), token: z.string() }));
const subscriptionAnswer = z.object({ data: z.object({ channel_tokens: channelTokens }) });

/** Asks DevAPI. @param as a login, or the whole Authorization header */
export async function ask(sim: VkVideoSimulator, as: string, what: string, body?: unknown): Promise<HttpAnswer> {
  const [method = '', path = ''] = what.split(' ');
  const authorization = as.includes(' ') ? as : `Bearer ${sim.issueToken(as).access}`;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(sim.urls.api + path, { method, headers: { authorization }, ...sent });
  return { status: response.status, body: await response.json() };
}

export async function connectionToken(sim: VkVideoSimulator, as = BOT): Promise<string> {
  const { body } = await ask(sim, as, 'GET /v1/websocket/token');
  return connectionAnswer.parse(body).data.token;
}

/** @throws UnauthorizedError where VK gives this account none */
export async function subscriptionToken(sim: VkVideoSimulator, channel: string, as = BOT): Promise<string> {
  const answer = await ask(sim, as, `GET /v1/websocket/subscription_token?channels=${encodeURIComponent(channel)}`);
  const [found] = subscriptionAnswer.parse(answer.body).data.channel_tokens;
  if (!found) throw new UnauthorizedError('no access');
  return found.token;
}

/** The unmodified client in a hurry, with all that it reported as `event code`. Ends with the test. */
export class RealClient {
  readonly centrifuge: Centrifuge;
  readonly reported: string[] = [];
  /** What was published, by chat text where there is one. */
  readonly heard: unknown[] = [];

  constructor(sim: VkVideoSimulator, options: Partial<Options> = {}) {
    this.centrifuge = new Centrifuge(sim.urls.pubsub, {
      websocket: WebSocket,
      getToken: () => connectionToken(sim),
      minReconnectDelay: 20,
      maxReconnectDelay: 100,
      ...options,
    });
    this.centrifuge.on('connecting', ({ code }) => this.reported.push(`connecting ${code}`));
    this.centrifuge.on('connected', () => this.reported.push('connected'));
    this.centrifuge.on('disconnected', ({ code }) => this.reported.push(`disconnected ${code}`));
    this.centrifuge.on('error', ({ error }) => this.reported.push(`error ${error.code}`));
    onTestFinished(() => this.centrifuge.disconnect());
  }

  subscription(channel: string, options: Partial<SubscriptionOptions> = {}): Subscription {
    const subscription = this.centrifuge.newSubscription(channel, {
      minResubscribeDelay: 20,
      maxResubscribeDelay: 100,
      ...options,
    });
    subscription.on('subscribing', ({ code }) => this.reported.push(`subscribing ${code}`));
    subscription.on('subscribed', () => this.reported.push('subscribed'));
    subscription.on('unsubscribed', ({ code }) => this.reported.push(`unsubscribed ${code}`));
    subscription.on('error', ({ error }) => this.reported.push(`subscription error ${error.code}`));
    subscription.on('publication', ({ data }) => this.heard.push(textOf(data) ?? data));
    subscription.subscribe();
    return subscription;
  }

  /** Connects and reads one channel, and is done with it. */
  static async reading(sim: VkVideoSimulator, channel: string, options: Partial<Options> = {}): Promise<RealClient> {
    const client = new RealClient(sim, options);
    const subscription = client.subscription(channel);
    client.centrifuge.connect();
    await subscription.ready();
    client.reported.length = 0;
    return client;
  }

  async reports(...expected: string[]): Promise<void> {
    await vi.waitFor(() => {
      for (const each of expected) {
        if (!this.reported.includes(each)) throw new Error(`no "${each}" in ${this.reported.join(', ')}`);
      }
    }, 10_000);
  }

  async hears(count: number): Promise<unknown[]> {
    await vi.waitFor(() => {
      if (this.heard.length < count) throw new Error(`heard only ${JSON.stringify(this.heard)}`);
    }, 10_000);
    return this.heard;
  }
}

/** A socket that does nothing by itself. Ends with the test. */
export class BareSocket {
  readonly frames: string[] = [];
  readonly socket: WebSocket;
  #closed: Promise<[number, Buffer]>;

  private constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => this.frames.push(data.toString()));
    this.#closed = once(this.socket, 'close') as Promise<[number, Buffer]>;
  }

  static async open(sim: VkVideoSimulator): Promise<BareSocket> {
    const bare = new BareSocket(sim.urls.pubsub);
    await once(bare.socket, 'open');
    onTestFinished(() => bare.socket.terminate());
    return bare;
  }

  /** Connects as this account and waits for the reply. */
  static async connected(sim: VkVideoSimulator, as = BOT): Promise<BareSocket> {
    const bare = await BareSocket.open(sim);
    const token = await connectionToken(sim, as);
    await bare.ask({ connect: { token }, id: 1 });
    return bare;
  }

  send(...commands: unknown[]): void {
    this.socket.send(commands.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n'));
  }

  /** Sends one command and returns the line that answers it. */
  async ask(command: { id: number } & Record<string, unknown>): Promise<string> {
    this.send(command);
    return this.line(`"id":${command.id},`);
  }

  /** The first line, already there or still to come, that contains this. */
  line(part: string): Promise<string> {
    return vi.waitFor(() => {
      const found = this.lines.find((each) => each.includes(part));
      if (found === undefined) throw new Error(`no ${part} in ${this.lines.join(' | ')}`);
      return found;
    }, 10_000);
  }

  get lines(): string[] {
    return this.frames.flatMap((frame) => frame.split('\n'));
  }

  async closed(): Promise<string> {
    const [code, reason] = await this.#closed;
    return `${code} ${reason.toString()}`.trim();
  }
}

function textOf(data: { data?: { chat_message?: { parts: { text?: { content: string } }[] } } }): string | undefined {
  const parts = data.data?.chat_message?.parts;
  return parts
    ?.map(({ text }) => text?.content ?? '')
    .join('')
    .trim();
}
