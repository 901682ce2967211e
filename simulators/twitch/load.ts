/** A crowd that writes as fast as it is told, and the time until the bot's answers are on the wire. Runs in real time. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { trimEndOf } from '../../src/lib/trim-end.ts';
import { type LatencySummary, summarize } from '../world/latency.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import { LOAD_ID_PREFIX } from './chat.ts';
import { prefixOf } from './irc/lines.ts';
import type { IrcServer } from './irc/server.ts';
import { IrcSession } from './irc/session.ts';
import type { Room } from './room.ts';

export const loadRequestSchema = z.object({
  /** Logins; all channels when absent. */
  channels: z.array(z.string()).optional(),
  linesPerSecond: z.number().positive(),
  seconds: z.number().positive(),
  /** 0…1: how many of the lines are one of the commands. */
  commandShare: z.number().min(0).max(1).default(0),
  commands: z.array(z.object({ text: z.string(), reply: z.string() })).default([]),
  chatters: z.number().int().positive().default(1000),
  /** How many of the chatters write in one channel, each channel another stretch of them; all when absent. */
  chattersPerChannel: z.number().int().positive().optional(),
  /** Every line has an author of its own, numbered from here on; the two fields above then mean nothing. */
  newChattersFrom: z.number().int().nonnegative().optional(),
  /** How long after the last line an answer still counts. */
  graceMs: z.number().nonnegative().default(3000),
});
export type LoadRequest = z.input<typeof loadRequestSchema>;

export interface LoadReport {
  sent: number;
  /** Written while nobody read the channel; their commands are lost. */
  unheard: number;
  /** Not written because the reader was too far behind. */
  heldBack: number;
  seconds: number;
  linesPerSecond: number;
  commands: number;
  replied: number;
  lost: number;
  /** Answers nobody waited for: doubled ones, or too late. */
  extra: number;
  latencyMs: LatencySummary;
  connectionLosses: number;
  maxBacklogBytes: number;
}

const TICK_MS = 2;
const BACKLOG_MAX_BYTES = 268_435_456;
const SMALL_TALK = [
  'hello there',
  'gg wp',
  'доброе утро, чат',
  'nice one',
  'what a play 🎉',
  'lol',
  'こんにちは',
  'Kappa',
];

/** @param rooms where the lines are written, spread by chance that is the same in every run */
export async function runLoad(rooms: readonly Room[], server: IrcServer, log: MessageLog, request: LoadRequest) {
  const wish = loadRequestSchema.parse(request);
  if (rooms.length === 0) throw new Error('no channels to write into');
  if (wish.commandShare > 0 && wish.commands.length === 0) throw new Error('commandShare needs commands');
  const crowd = new Crowd(rooms, wish);
  const lossesBefore = server.lostConnections;
  const stopListening = log.listen((message) => crowd.onMessage(message));
  const startMs = performance.now();
  const endMs = startMs + wish.seconds * 1000;
  for (let now = startMs; now < endMs; now = performance.now()) {
    const due = Math.floor(((now - startMs) / 1000) * wish.linesPerSecond);
    crowd.writeUntil(due, server.sessions());
    await delay(TICK_MS);
  }
  crowd.writeUntil(Math.floor(wish.seconds * wish.linesPerSecond), server.sessions());
  const seconds = (performance.now() - startMs) / 1000;
  const graceEndMs = performance.now() + wish.graceMs;
  while (crowd.waiting > 0 && performance.now() < graceEndMs) await delay(5);
  stopListening();
  return crowd.report(seconds, server.lostConnections - lossesBefore);
}

interface Chatter {
  head: string;
  middle: string;
}

interface Target {
  room: Room;
  /** Its first chatter; the others follow. */
  firstChatter: number;
  middle: string;
  end: string;
}

interface Waiting {
  id: string;
  reply: string;
  sinceMs: number;
}

class Crowd {
  waiting = 0;
  readonly #wish: z.output<typeof loadRequestSchema>;
  readonly #chatters: readonly Chatter[];
  readonly #targets: readonly Target[];
  readonly #waitingIn = new Map<string, Waiting[]>();
  readonly #latenciesMs: number[] = [];
  readonly #idStart = `${LOAD_ID_PREFIX}${randomBytes(2).toString('hex')}-4000-8000-`;
  #random = 1;
  #lines = 0;
  #heldBack = 0;
  #unheard = 0;
  #commands = 0;
  #extra = 0;
  #maxBacklogBytes = 0;

  constructor(rooms: readonly Room[], wish: z.output<typeof loadRequestSchema>) {
    this.#wish = wish;
    const kept = wish.newChattersFrom === undefined ? wish.chatters : 0;
    this.#chatters = Array.from({ length: kept }, (_, index) => chatter(index));
    this.#targets = rooms.map((room, index) => ({
      room,
      firstChatter: (index * (wish.chattersPerChannel ?? 0)) % wish.chatters,
      middle: `;mod=0;returning-chatter=0;room-id=${room.id};subscriber=0;tmi-sent-ts=`,
      end: `PRIVMSG #${room.name} :`,
    }));
  }

  writeUntil(due: number, sessions: readonly IrcSession[]): void {
    const backlogBytes = Math.max(0, ...sessions.map((session) => session.backlogBytes));
    this.#maxBacklogBytes = Math.max(this.#maxBacklogBytes, backlogBytes);
    if (backlogBytes > BACKLOG_MAX_BYTES) {
      this.#heldBack += due - this.#lines;
      this.#lines = due;
      return;
    }
    const sentAt = String(Date.now());
    while (this.#lines < due) this.#writeLine(sentAt);
    for (const session of sessions) session.flush();
  }

  onMessage(message: AcceptedMessage): void {
    if (message.transport === 'script') return;
    const waiting = this.#waitingIn.get(message.channelId) ?? [];
    const text = visible(message.text);
    const index = waiting.findIndex(({ id, reply }) =>
      message.replyTo?.startsWith(LOAD_ID_PREFIX) ? id === message.replyTo : reply === text,
    );
    const [answered] = index < 0 ? [] : waiting.splice(index, 1);
    if (!answered) {
      this.#extra += 1;
      return;
    }
    this.waiting -= 1;
    this.#latenciesMs.push(performance.now() - answered.sinceMs);
  }

  report(seconds: number, connectionLosses: number): LoadReport {
    const sent = this.#lines - this.#heldBack;
    const replied = this.#latenciesMs.length;
    return {
      sent,
      unheard: this.#unheard,
      heldBack: this.#heldBack,
      seconds,
      linesPerSecond: Math.round(sent / seconds),
      commands: this.#commands,
      replied,
      lost: this.#commands - replied,
      extra: this.#extra,
      latencyMs: summarize(this.#latenciesMs),
      connectionLosses,
      maxBacklogBytes: this.#maxBacklogBytes,
    };
  }

  #writeLine(sentAt: string): void {
    const number = this.#lines++;
    const target = this.#targets[this.#chance(this.#targets.length)];
    if (!target) return;
    const from = this.#author(target, number);
    if (!from) return;
    const id = this.#idStart + String(number).padStart(12, '0');
    // Spreads the commands evenly: one whenever the share of the lines so far passes the next whole number.
    const isCommand = Math.floor((number + 1) * this.#wish.commandShare) > Math.floor(number * this.#wish.commandShare);
    const text = isCommand ? this.#command(target.room, id) : (SMALL_TALK[number % SMALL_TALK.length] ?? '');
    const body = `${from.middle}${target.end}${text}\r\n`;
    const tagged = `${from.head}${id}${target.middle}${sentAt}${body}`;
    if (target.room.listeners.size === 0) this.#unheard += 1;
    for (const listener of target.room.listeners) {
      if (listener instanceof IrcSession) listener.append(listener.wantsTags ? tagged : body.slice(body.indexOf(':')));
    }
  }

  #author(target: Target, line: number): Chatter | undefined {
    const { newChattersFrom, chattersPerChannel } = this.#wish;
    if (newChattersFrom !== undefined) return chatter(newChattersFrom + line);
    const talker = target.firstChatter + this.#chance(chattersPerChannel ?? this.#chatters.length);
    return this.#chatters[talker % this.#chatters.length];
  }

  #command(room: Room, id: string): string {
    const command = this.#wish.commands[this.#commands++ % this.#wish.commands.length];
    const waiting = this.#waitingIn.get(room.id) ?? [];
    waiting.push({ id, reply: visible(command?.reply ?? ''), sinceMs: performance.now() });
    this.#waitingIn.set(room.id, waiting);
    this.waiting += 1;
    return command?.text ?? '';
  }

  #chance(below: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 4_294_967_296) * below);
  }
}

function chatter(index: number): Chatter {
  const login = `viewer_${index}`;
  return {
    head: `@badge-info=;badges=;color=#1E90FF;display-name=Viewer_${index};emotes=;first-msg=0;flags=;id=`,
    middle: `;turbo=0;user-id=${900_000 + index};user-type= :${prefixOf(login)} `,
  };
}

/** Bots append invisible characters so that a text does not count as repeated. */
function visible(text: string): string {
  return trimEndOf(text, /^(?:\s|\u034f|\u200b|\u2060|[\u{e0000}-\u{e007f}])$/u);
}
