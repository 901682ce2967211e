/** What of the server's replies is read beside the library (docs/platforms/vkvideo.md#commands-and-results). */
import { z } from 'zod';

const connectReply = z.object({ connect: z.object({ ping: z.number().nonnegative().catch(0).default(0) }) });
const reply = z.object({
  id: z.number().int().positive(),
  error: z.object({ code: z.number().int() }).nullish().catch(null),
});

export interface Reply {
  readonly id: number;
  /** Null for a command that was carried out. */
  readonly errorCode: number | null;
}

/** @returns seconds between the server's pings, 0 where it sends none; null for a frame without the reply */
export function announcedPingSeconds(frame: string): number | null {
  for (const line of frame.split('\n')) {
    if (!line.includes('"connect"')) continue;
    const { data } = connectReply.safeParse(parsed(line));
    if (data) return data.connect.ping;
  }
  return null;
}

/** The replies in a frame, without what the server says unasked. */
export function repliesIn(frame: string): readonly Reply[] {
  return frame.split('\n').flatMap((line) => {
    if (!line.includes('"id"')) return [];
    const { data } = reply.safeParse(parsed(line));
    return data ? [{ id: data.id, errorCode: data.error?.code ?? null }] : [];
  });
}

/** What is no JSON is not ours to judge: the library will. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
