/** The simulated platforms as the demo uses them: what they can be told, and every chat message as it is taken over. */
import { readMessages } from '../simulators/world/message-stream.ts';
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Processes } from './processes.ts';

export interface SimulatedChat {
  readonly controlUrl: string;
  readonly stageUrl: string;
  /** The variables that point API and worker at it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * What every simulator understands (`simulators/world/stage.ts`).
   * @throws Error with the simulator's words when it refuses
   */
  stage(action: string, input?: unknown): Promise<unknown>;
  /** What this one alone understands. */
  control(action: string, input?: unknown): Promise<unknown>;
  /** Every message since the start, in order. */
  readonly messages: readonly AcceptedMessage[];
  /** Resolves with the first message from `from` on that fits, or with null after the time. */
  hear(from: number, fits: (message: AcceptedMessage) => boolean, seconds: number): Promise<AcceptedMessage | null>;
  /** Rejects with what happened when the simulator is gone: a new one would know nobody of this world. */
  readonly lost: Promise<never>;
}

interface Started {
  readonly urls: { readonly control: string; readonly stage: string };
  readonly env: Readonly<Record<string, string>>;
}

/** With the limits of the real platforms: what is fast here is allowed there. @returns them by platform */
export async function startSimulators(
  cleanup: AsyncDisposableStack,
  processes: Processes,
): Promise<ReadonlyMap<string, SimulatedChat>> {
  const line = await processes.startAndRead('simulator', 'simulators/main.ts', {});
  const started = Object.entries(JSON.parse(line) as Record<string, Started>);
  return new Map(await Promise.all(started.map(async ([id, each]) => [id, await attend(cleanup, each)] as const)));
}

async function attend(cleanup: AsyncDisposableStack, { urls, env }: Started): Promise<SimulatedChat> {
  const messages: AcceptedMessage[] = [];
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  cleanup.defer(() => ending.abort());
  const { lost } = await readMessages(`${urls.stage}/messages`, {
    clock: systemClock,
    signal: ending.signal,
    each(message) {
      messages.push(message);
      for (const listener of listeners) listener();
    },
  });

  return {
    controlUrl: urls.control,
    stageUrl: urls.stage,
    env,
    messages,
    lost,
    stage: (action, input) => tell(`${urls.stage}/${action}`, input),
    control: (action, input) => tell(`${urls.control}/${action}`, input),
    hear(from, fits, seconds) {
      const { promise, resolve } = Promise.withResolvers<AcceptedMessage | null>();
      const look = () => {
        const found = messages.slice(from).find(fits);
        if (found !== undefined) resolve(found);
      };
      const timer = setTimeout(() => resolve(null), seconds * 1000);
      listeners.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(look);
      });
    },
  };
}

async function tell(url: string, input: unknown = {}): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(input) });
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(`the simulator refuses ${url}: ${answer.error}`);
  return answer;
}
