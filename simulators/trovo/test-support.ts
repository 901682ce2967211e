/** What the tests of the simulated Trovo share: one that stops by itself, bare calls, and a bare chat connection. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { TrovoSimulatorOptions } from './options.ts';
import { startTrovoSimulator, type TrovoSimulator } from './simulator.ts';

/** Stops with the test. */
export async function simulator(options?: TrovoSimulatorOptions): Promise<TrovoSimulator> {
  const sim = await startTrovoSimulator(options);
  onTestFinished(() => sim.stop());
  return sim;
}

export interface Asked {
  /** Goes out as `Authorization: OAuth …`. */
  token?: string;
  body?: unknown;
  /** In the place of the usual headers. */
  headers?: Record<string, string>;
}

/** What came over the wire is looked at, not typed. */
export type Parsed = ReturnType<typeof JSON.parse>;

export interface Answered {
  status: number;
  body: Parsed;
  headers: Headers;
}

/** Calls as the documented examples do. @param path what follows `/openplatform/` */
export async function ask(sim: TrovoSimulator, what: string, { token, body, headers }: Asked = {}): Promise<Answered> {
  const [method = 'GET', path = ''] = what.split(' ');
  const usual = {
    accept: 'application/json',
    'Client-ID': sim.application.id,
    ...(token === undefined ? {} : { authorization: `OAuth ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const response = await fetch(`${sim.urls.api}/${path}`, {
    method,
    headers: headers ?? usual,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text, headers: response.headers };
}

/** A streamer who lets the application's users write, and a bot that may write; both with their tokens. */
export function streamerAndBot(sim: TrovoSimulator) {
  const streamer = sim.addPerson('northpine');
  const bot = sim.addPerson('helperbot');
  return {
    streamer,
    bot,
    channelId: sim.room('northpine').id,
    streamerToken: sim.issueToken(streamer, ['chat_connect', 'send_to_my_channel']).access,
    botToken: sim.issueToken(bot, ['chat_send_self']).access,
  };
}

/** A chat client that does nothing by itself. */
export class BareChat {
  readonly frames: Parsed[] = [];
  readonly raw: string[] = [];
  readonly socket: WebSocket;
  #wake: (() => void)[] = [];
  #nonces = 0;

  private constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#wakeAll());
    this.socket.on('message', (data) => {
      const text = data.toString();
      this.raw.push(text);
      try {
        this.frames.push(JSON.parse(text));
      } catch {
        this.frames.push({ type: 'garbage' });
      }
      this.#wakeAll();
    });
  }

  /** Ends with the test. */
  static async open(url: string): Promise<BareChat> {
    const chat = new BareChat(url);
    onTestFinished(() => chat.socket.terminate());
    await once(chat.socket, 'open');
    return chat;
  }

  /** Connects with a fresh token of the channel, and waits until it is let in. */
  static async join(sim: TrovoSimulator, streamer: string): Promise<BareChat> {
    const { token } = (await ask(sim, `GET chat/channel-token/${sim.room(streamer).id}`)).body;
    const chat = await BareChat.open(sim.urls.chat);
    chat.send({ type: 'AUTH', nonce: 'auth', data: { token } });
    await chat.frame(({ type, nonce }) => type === 'RESPONSE' && nonce === 'auth');
    return chat;
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The first frame, already there or still to come, of which this is true. */
  async frame(isIt: (frame: Parsed) => boolean): Promise<Parsed> {
    for (;;) {
      const found = this.frames.find(isIt);
      if (found !== undefined) return found;
      if (this.socket.readyState === this.socket.CLOSED) throw new Error('closed before the frame came');
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The first item with this text. */
  async item(content: string): Promise<Parsed> {
    const has = (frame: Parsed) => frame.data?.chats?.some((item: Parsed) => item.content === content);
    const { data } = await this.frame(has);
    return data.chats.find((item: Parsed) => item.content === content);
  }

  /** After this everything that was sent before has been answered, if it ever will be. @returns the PONG */
  async ping(): Promise<Parsed> {
    const nonce = `ping-${this.#nonces++}`;
    this.send({ type: 'PING', nonce });
    return this.frame((frame) => frame.type === 'PONG' && frame.nonce === nonce);
  }

  /** Texts of every item so far, in order. */
  get contents(): string[] {
    return this.frames.flatMap(({ data }) => (data?.chats ?? []).map(({ content }: Parsed) => content));
  }

  async closed(): Promise<{ code: number; frames: Parsed[] }> {
    if (this.socket.readyState === this.socket.CLOSED) return { code: 0, frames: this.frames };
    const [code] = (await once(this.socket, 'close')) as [number];
    return { code, frames: this.frames };
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
