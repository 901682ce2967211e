/** What the tests of the simulated Twitch share: one that stops by itself, and a bare chat connection. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { TwitchSimulatorOptions } from './options.ts';
import { startTwitchSimulator, type TwitchSimulator } from './simulator.ts';

/** Stops with the test. */
export async function simulator(options?: TwitchSimulatorOptions): Promise<TwitchSimulator> {
  const sim = await startTwitchSimulator(options);
  onTestFinished(() => sim.stop());
  return sim;
}

/** A chat client that does nothing by itself. */
export class BareChat {
  readonly lines: string[] = [];
  readonly socket: WebSocket;
  #wake: (() => void)[] = [];

  private constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      this.lines.push(...data.toString().split('\r\n').filter(Boolean));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** Ends with the test. */
  static async connect(url: string): Promise<BareChat> {
    const chat = new BareChat(url);
    await once(chat.socket, 'open');
    onTestFinished(() => chat.socket.terminate());
    return chat;
  }

  /** Connects a bot that may read and write, and waits until it is in the channels. */
  static async join(sim: TwitchSimulator, login: string, ...channels: string[]): Promise<BareChat> {
    sim.addPerson(login);
    const { access } = sim.issueToken(login, ['chat:read', 'chat:edit']);
    const chat = await BareChat.connect(sim.urls.irc);
    chat.send(`CAP REQ :twitch.tv/tags twitch.tv/commands`, `PASS oauth:${access}`, `NICK ${login}`);
    for (const channel of channels) {
      chat.send(`JOIN #${channel}`);
      await chat.line(`ROOMSTATE #${channel}`);
    }
    await chat.roundTrip();
    return chat;
  }

  send(...lines: string[]): void {
    for (const line of lines) this.socket.send(line);
  }

  /** The first line, already there or still to come, that contains this. */
  async line(part: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.includes(part));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** After this everything that was sent before has been answered, if it ever will be. */
  async roundTrip(): Promise<void> {
    const mark = `mark-${Math.random()}`;
    this.send(`PING ${mark}`);
    await this.line(mark);
  }

  /** Sends and returns what came back for it. */
  async ask(line: string): Promise<string[]> {
    const before = this.lines.length;
    this.send(line);
    await this.roundTrip();
    return this.lines.slice(before, -1);
  }

  async closed(): Promise<void> {
    if (this.socket.readyState !== this.socket.CLOSED) await once(this.socket, 'close');
  }
}

/** The tags of a line, unescaped by hand to keep the simulator's own code out of its proof. */
export function tagsOf(line: string): Record<string, string> {
  const escapes: Record<string, string> = { ':': ';', s: ' ', '\\': '\\', r: '\r', n: '\n' };
  return Object.fromEntries(
    line
      .slice(1, line.indexOf(' '))
      .split(';')
      .map((tag) => [
        tag.slice(0, tag.indexOf('=')),
        tag.slice(tag.indexOf('=') + 1).replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character),
      ]),
  );
}
