/** Scripted trouble of a simulated HTTP interface. */
import { z } from 'zod';

export type Trouble =
  /** Says this instead of doing anything. */
  | { kind: 'answer'; status: number; body?: unknown; headers?: Record<string, string> | undefined }
  /** Does the work, answers late. */
  | { kind: 'slow'; delayMs: number }
  /** Does the work, never answers; the connection stays open. */
  | { kind: 'lost' }
  /** Does nothing and never answers; the connection stays open. */
  | { kind: 'ignored' }
  /** Does the work and cuts the connection instead of answering. */
  | { kind: 'cut' }
  /** Does the work, sends half of the answer and cuts the connection. */
  | { kind: 'truncated' };

export type HttpFault = Trouble & {
  /** Start of the path; without it every path is meant. */
  path?: string | undefined;
  method?: string | undefined;
  /** How many calls are hit; without it all until `clear`. */
  times?: number | undefined;
};

/** A fault as scripts write it. */
export const httpFault = z.intersection(
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('answer'),
      status: z.number(),
      body: z.unknown().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
    z.object({ kind: z.literal('slow'), delayMs: z.number() }),
    z.object({ kind: z.enum(['lost', 'ignored', 'cut', 'truncated']) }),
  ]),
  z.object({
    path: z.string().optional(),
    method: z.string().optional(),
    times: z.number().int().positive().optional(),
  }),
);

export class HttpFaults {
  #faults: HttpFault[] = [];

  add(fault: HttpFault): void {
    this.#faults.push({ ...fault });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The trouble this call runs into; counts it. */
  take(method: string, path: string): Trouble | null {
    const fault = this.#faults.find(
      (each) => path.startsWith(each.path ?? '/') && (each.method === undefined || each.method === method),
    );
    if (!fault) return null;
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) this.#faults.splice(this.#faults.indexOf(fault), 1);
    }
    return fault;
  }
}

/** What the edge in front of a token endpoint answers while nothing behind it does. */
export function badGateway(path: string): HttpFault {
  return { kind: 'answer', status: 502, body: '<html><body>502 Bad Gateway</body></html>', path };
}
