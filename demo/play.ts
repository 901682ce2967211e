/** Plays the conversation through the real path, scene by scene, and keeps what came of each. */
import { setTimeout as pause } from 'node:timers/promises';
import { answerTo, type Fate, fateOf, type RowKey, wasAnswered } from './fate.ts';
import { printAnswer, printCue, printNote, printSilence } from './print.ts';
import type { Scene } from './script.ts';
import type { Room } from './stage.ts';
import { until } from './until.ts';

export interface Outcome {
  /** Answers, greetings and messages the bot had to write. */
  readonly expected: number;
  readonly latenciesMs: readonly number[];
  /** One sentence for each thing that went otherwise than it had to. */
  readonly problems: readonly string[];
}

type Line = Extract<Scene, { kind: 'line' }>;
type SilentLine = Extract<Line, { answer: null }>;

const WEBHOOK_SECONDS = 10;
/** We write once a second into a chat where the bot is nobody special. */
const BETWEEN_ANSWERS_MS = 1100;

export async function play(room: Room, scenes: readonly Scene[]): Promise<Outcome> {
  const player = new Player(room);
  for (const scene of scenes) await player.play(scene);
  await player.settleSilence();
  player.requireNothingElse();
  return player;
}

class Player implements Outcome {
  expected = 0;
  readonly latenciesMs: number[] = [];
  readonly problems: string[] = [];
  readonly #room: Room;
  #silent: { scene: SilentLine; id: string }[] = [];

  constructor(room: Room) {
    this.#room = room;
  }

  async play(scene: Scene): Promise<void> {
    switch (scene.kind) {
      case 'line':
        return this.#line(scene);
      case 'say':
        return this.#say(scene.text);
      case 'follow':
        return this.#follow(scene);
      case 'goLive':
        return this.#goLive(scene.minutesAgo);
      case 'edit':
        return this.#edit(scene.trigger, scene.response);
    }
  }

  /** Lines of a channel are taken in order, so a line that has no answer when a later one has will never get one. */
  async settleSilence(): Promise<void> {
    const settled = this.#silent;
    this.#silent = [];
    for (const { scene, id } of settled) {
      printCue(scene.by, scene.text);
      const isAnswered = await wasAnswered(this.#room, id);
      if (isAnswered) this.problems.push(`${scene.by} was answered on "${scene.text}": ${scene.because}`);
      printSilence(isAnswered, scene.because);
    }
  }

  requireNothingElse(): void {
    const said = this.#room.chat.messages.filter(({ transport }) => transport !== 'script').length;
    if (said > this.expected) this.problems.push(`the bot wrote ${said} messages instead of ${this.expected}`);
  }

  async #line(scene: Line): Promise<void> {
    const { chat, stage } = this.#room;
    if (scene.answer !== null) await this.#takeTurn();
    const line = { streamer: stage.cast.streamer, viewer: scene.by, text: scene.text, role: scene.as };
    const { id } = (await chat.stage('say', line)) as { id: string };
    if (scene.answer === null) {
      this.#silent.push({ scene, id });
      return;
    }
    await this.#expect(scene.by, scene.text, scene.answer, answerTo(id));
  }

  async #say(text: string): Promise<void> {
    const { stage, platform } = this.#room;
    await this.#takeTurn();
    const sinceMs = nowMs();
    const answer = await stage.api.post('/streamer/bot/say', { message: text, provider: platform.id });
    const { outbox } = answer as { outbox: { id: string } };
    await this.#expect('POST /streamer/bot/say', text, text, { column: 'id', value: outbox.id }, sinceMs);
  }

  async #follow({ by, displayName, answer }: Extract<Scene, { kind: 'follow' }>): Promise<void> {
    const { chat, stage } = this.#room;
    const { id } = (await chat.control('addPerson', { login: by, displayName })) as { id: string };
    const sinceMs = nowMs();
    await chat.control('follow', { channel: stage.cast.streamer, person: by });
    await this.#expect(by, 'follows the channel', answer, { column: 'dedupKey', value: `follow:${id}:%` }, sinceMs);
  }

  async #goLive(minutesAgo: number): Promise<void> {
    const { chat, stage } = this.#room;
    // Some seconds more, so that the minute does not turn while the bot is asked for it.
    const startedAt = new Date(Date.now() - minutesAgo * 60_000 - 5_000);
    await chat.control('goLive', { channel: stage.cast.streamer, startedAt });
    const status = await until(WEBHOOK_SECONDS, async () => {
      const deliveries = (await chat.control('eventDeliveries')) as EventDelivery[];
      const isNotice = ({ subscriptionType, type }: EventDelivery) =>
        subscriptionType === 'stream.online' && type === 'notification';
      return deliveries.find(isNotice)?.status ?? null;
    });
    printNote(`the stream is live, for ${minutesAgo} minutes already (EventSub webhook answered ${status})`);
    if (status !== 200) this.problems.push(`the webhook of stream.online answered ${status}`);
  }

  async #edit(trigger: string, response: string): Promise<void> {
    const { api } = this.#room.stage;
    const { items } = (await api.get('/streamer/bot/commands')) as { items: { id: string; trigger: string }[] };
    const command = items.find((item) => item.trigger === trigger);
    await api.patch(`/streamer/bot/commands/${command?.id}`, { response });
    printNote(`the streamer edits ${trigger}`);
  }

  /** So that what is shown is the way of an answer, and not the wait for its turn. */
  async #takeTurn(): Promise<void> {
    const isPrivileged = this.#room.platform.id === 'twitch';
    if (!isPrivileged && this.expected > 0) await pause(BETWEEN_ANSWERS_MS);
  }

  /** @param sinceMs when it began, where that was no chat line */
  async #expect(by: string, cue: string, answer: string, key: RowKey, sinceMs?: number): Promise<void> {
    this.expected += 1;
    const fate = await fateOf(this.#room, key);
    const latencyMs =
      sinceMs === undefined || fate.message === null ? fate.latencyMs : fate.message.arrivedAtMs - sinceMs;
    await this.settleSilence();
    printCue(by, cue);
    printAnswer(fate, latencyMs);
    const problem = problemOf(fate, answer);
    if (problem !== null) this.problems.push(`${by}: ${cue}: ${problem}`);
    else this.latenciesMs.push(latencyMs ?? 0);
  }
}

interface EventDelivery {
  readonly subscriptionType: string;
  readonly type: string;
  readonly status: number | null;
}

function problemOf({ status, lastError, message }: Fate, answer: string): string | null {
  if (status === 'none') return 'no answer';
  if (status !== 'sent') return `the answer is ${status} (${lastError ?? 'no reason given'})`;
  if (message === null) return 'recorded as sent, but the platform has no such message';
  return message.text === answer ? null : `answered "${message.text}" instead of "${answer}"`;
}

/** Comparable with the simulator's times. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
