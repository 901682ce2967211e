/** A simulated platform in its own process, as the bench steers and watches it. */
import { readFileSync } from 'node:fs';
import type { LoadReport, LoadRequest } from '../../simulators/twitch/load.ts';
import { readMessages } from '../../simulators/world/message-stream.ts';
import type { AcceptedMessage } from '../../simulators/world/messages.ts';
import type { Person } from '../../simulators/world/people.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Child, startChild } from './child.ts';
import { until } from './until.ts';

export interface Simulator {
  /** Points an API or a worker at it. */
  readonly env: Readonly<Record<string, string>>;
  /** @throws Error with the simulator's words when it refuses */
  control(action: string, input?: unknown): Promise<unknown>;
  addChannels(count: number, prefix: string): Promise<Person[]>;
  load(request: LoadRequest): Promise<LoadReport>;
  /** When each channel that is read was last joined. */
  joinedAtMs(): Promise<ReadonlyMap<string, number>>;
  /** Watches from now on; several thousand messages a second cost the bench, not the simulator. */
  listen(): Promise<Ear>;
}

export interface Ear {
  /** What accounts wrote since the listening began, in order. */
  readonly messages: AcceptedMessage[];
  /** @throws Error when the stream ended before: what came later was not heard */
  stop(): void;
}

interface Started {
  readonly urls: { readonly control: string; readonly stage: string };
  readonly env: Readonly<Record<string, string>>;
}

export async function startTwitchSimulator(
  outputFile: string,
  limits: 'off' | 'real',
): Promise<{ simulator: Simulator; child: Child }> {
  const { started, child } = await startSimulator('twitch', outputFile, limits);
  return { simulator: simulatorAt(started.urls.control, started.env), child };
}

export async function startSimulator(
  platform: string,
  outputFile: string,
  limits: 'off' | 'real',
): Promise<{ started: Started; child: Child }> {
  const args = ['--only', platform, '--limits', limits];
  const child = startChild({ file: 'simulators/main.ts', args, env: {}, url: 'http://127.0.0.1:9', outputFile });
  const firstLine = () => new RegExp(`^\\{"${platform}".*$`, 'm').exec(readFileSync(outputFile, 'utf8'))?.[0];
  await until(30, 'the simulator started', () => {
    if (!child.isRunning) throw new Error(`the simulator ended:\n${child.tail()}`);
    return firstLine() !== undefined;
  });
  return { started: (JSON.parse(firstLine() ?? '') as Record<string, Started>)[platform] as Started, child };
}

/** @throws Error with the simulator's words when it refuses */
export async function tell(url: string, input: unknown = {}): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(input) });
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(`the simulator refuses ${url}: ${answer.error}`);
  return answer;
}

function simulatorAt(controlUrl: string, env: Readonly<Record<string, string>>): Simulator {
  const control = (action: string, input: unknown = {}) => tell(`${controlUrl}/${action}`, input);
  return {
    env,
    control,
    addChannels: (count, prefix) => control('addChannels', { count, prefix }) as Promise<Person[]>,
    load: (request) => control('load', request) as Promise<LoadReport>,
    async joinedAtMs() {
      return new Map(Object.entries((await control('joinedChannels')) as Record<string, number>));
    },
    listen: () => listen(`${controlUrl}/messages`),
  };
}

export async function listen(url: string): Promise<Ear> {
  const ending = new AbortController();
  const messages: AcceptedMessage[] = [];
  let loss: Error | null = null;
  const { lost } = await readMessages(url, {
    clock: systemClock,
    signal: ending.signal,
    each(message) {
      if (message.transport !== 'script') messages.push(message);
    },
  });
  lost.catch((error: Error) => {
    loss = error;
  });
  return {
    messages,
    stop() {
      if (loss !== null) throw loss;
      ending.abort();
    },
  };
}
