/** The scripts' way into a simulator: `POST /_control/<name>` with JSON, and a stream of accepted messages. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import type { Clock } from '../../src/lib/clock.ts';
import { write } from './host.ts';
import { writeMessages } from './message-stream.ts';
import type { MessageLog } from './messages.ts';

const PREFIX = '/_control/';

export type ControlActions = Record<string, (input: unknown) => unknown>;

/** An action whose input is checked before it runs. */
export function action<T>(schema: z.ZodType<T>, run: (input: T) => unknown): (input: unknown) => unknown {
  return (input) => run(schema.parse(input));
}

/** @returns an interceptor for `Host`: true when the request was for the control interface */
export function controlInterface(actions: ControlActions, log: MessageLog, clock: Clock) {
  return (request: IncomingMessage, response: ServerResponse, path: string): boolean => {
    // Its own address, as it is printed for people, tells what can be done there.
    if (`${path}/` === PREFIX || path === PREFIX) {
      write(response, { status: 200, body: { actions: [...Object.keys(actions), 'messages'] } });
      return true;
    }
    if (!path.startsWith(PREFIX)) return false;
    const name = path.slice(PREFIX.length);
    if (name === 'messages' && request.method === 'GET') writeMessages(response, log, clock);
    else void runAction(actions, name, request, response);
    return true;
  };
}

async function runAction(
  actions: ControlActions,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const run = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!run)
    return write(response, { status: 404, body: { error: `no action ${name}`, actions: Object.keys(actions) } });
  try {
    const body = await text(request);
    write(response, { status: 200, body: (await run(body === '' ? {} : JSON.parse(body))) ?? {} });
  } catch (error) {
    write(response, { status: 400, body: { error: error instanceof Error ? error.message : String(error) } });
  }
}
