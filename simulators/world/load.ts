/** Viewers of any platform who write at a given pace, and the time until the bot's answers are there. In real time. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type LatencySummary, summarize } from './latency.ts';
import type { AcceptedMessage } from './messages.ts';
import type { SimulatedPlatform } from './simulated-platform.ts';

export const loadRequestSchema = z.object({
  streamers: z.array(z.string()).min(1),
  linesPerSecond: z.number().positive(),
  seconds: z.number().positive(),
  /** 0…1: how many of the lines are the command. */
  commandShare: z.number().min(0).max(1),
  command: z.object({ text: z.string(), reply: z.string() }),
  /** How long after the last line an answer still counts. */
  graceMs: z.number().nonnegative().default(5000),
});

export interface LoadReport {
  readonly lines: number;
  readonly commands: number;
  readonly replied: number;
  /** Answers nobody waited for. */
  readonly extra: number;
  readonly latencyMs: LatencySummary;
}

const TICK_MS = 2;
const CHATTERS = 200;

/** Answers of a channel come in the order of its lines, so each is the oldest one waited for. */
export async function runLoad(
  platform: SimulatedPlatform,
  { streamers, linesPerSecond, seconds, commandShare, command, graceMs }: z.output<typeof loadRequestSchema>,
): Promise<LoadReport> {
  const waiting = new Map<string, number[]>(streamers.map((name) => [name, []]));
  const latenciesMs: number[] = [];
  const counts = { lines: 0, commands: 0, extra: 0 };
  const stopListening = platform.log.listen(({ transport, channel, text }: AcceptedMessage) => {
    if (transport === 'script') return;
    const sinceMs = text.startsWith(command.reply) ? waiting.get(channel)?.shift() : undefined;
    if (sinceMs === undefined) counts.extra += 1;
    else latenciesMs.push(performance.now() - sinceMs);
  });
  const writeLine = () => {
    const number = counts.lines++;
    const name = streamers[number % streamers.length] ?? '';
    const isCommand = Math.floor((number + 1) * commandShare) > Math.floor(number * commandShare);
    if (isCommand) {
      counts.commands += 1;
      waiting.get(name)?.push(performance.now());
    }
    platform.say(name, `viewer_${number % CHATTERS}`, isCommand ? command.text : `small talk ${number}`);
  };
  const startMs = performance.now();
  const wanted = Math.floor(seconds * linesPerSecond);
  while (counts.lines < wanted) {
    const due = Math.min(wanted, Math.floor(((performance.now() - startMs) / 1000) * linesPerSecond));
    while (counts.lines < due) writeLine();
    await delay(TICK_MS);
  }
  const graceEndMs = performance.now() + graceMs;
  while (latenciesMs.length < counts.commands && performance.now() < graceEndMs) await delay(TICK_MS);
  stopListening();
  return { ...counts, replied: latenciesMs.length, latencyMs: summarize(latenciesMs) };
}
