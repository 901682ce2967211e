/** The simulated Twitch as the demo uses it: its control interface, and every chat message as it is taken over. */
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import type { Processes } from './processes.ts';

export interface SimulatedTwitch {
  readonly controlUrl: string;
  /** The variables that point API and worker at it. */
  readonly env: Readonly<Record<string, string>>;
  /** @throws Error with the simulator's words when it refuses */
  control(action: string, input?: unknown): Promise<unknown>;
  /** Every message since the start, in order. */
  readonly messages: readonly AcceptedMessage[];
  /** Resolves with the first message from `from` on that fits, or with null after the time. */
  hear(from: number, fits: (message: AcceptedMessage) => boolean, seconds: number): Promise<AcceptedMessage | null>;
  /** Rejects when the simulator is gone: a new one would know nobody of this world. */
  readonly lost: Promise<never>;
}

interface Started {
  readonly twitch: { readonly urls: { readonly control: string }; readonly env: Readonly<Record<string, string>> };
}

/** With the limits of the real Twitch: what is fast here is allowed there. */
export async function startSimulator(cleanup: AsyncDisposableStack, processes: Processes): Promise<SimulatedTwitch> {
  const line = await processes.startAndRead('simulator', 'simulators/main.ts', {});
  const { urls, env } = (JSON.parse(line) as Started).twitch;
  const messages: AcceptedMessage[] = [];
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  cleanup.defer(() => ending.abort());
  const { lost } = await listen(`${urls.control}/messages`, ending.signal, (message) => {
    messages.push(message);
    for (const listener of listeners) listener();
  });

  return {
    controlUrl: urls.control,
    env,
    messages,
    lost,
    async control(action, input = {}) {
      const response = await fetch(`${urls.control}/${action}`, { method: 'POST', body: JSON.stringify(input) });
      const answer = (await response.json()) as { error?: string };
      if (!response.ok) throw new Error(`the simulator refuses ${action}: ${answer.error}`);
      return answer;
    },
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

/** Resolves when the stream is open. */
async function listen(
  url: string,
  signal: AbortSignal,
  each: (message: AcceptedMessage) => void,
): Promise<{ lost: Promise<never> }> {
  const { body } = await fetch(url, { signal });
  if (body === null) throw new Error('the simulator has no stream of messages');
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // whoever waits for it hears of it; nobody has to
  const gone = () => {
    if (!signal.aborted) lost.reject(new Error('the simulator is gone'));
  };
  read(body.pipeThrough(new TextDecoderStream()), each).then(gone, gone);
  return { lost: lost.promise };
}

async function read(stream: ReadableStream<string>, each: (message: AcceptedMessage) => void): Promise<void> {
  let rest = '';
  for await (const chunk of stream) {
    const events = (rest + chunk).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) each(JSON.parse(data.slice('data: '.length)));
    }
  }
}
