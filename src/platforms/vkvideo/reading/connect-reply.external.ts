/** What the server says of itself when it lets us in (docs/platforms/vkvideo.md#commands-and-results). */
import { z } from 'zod';

const connectReply = z.object({ connect: z.object({ ping: z.number().nonnegative().catch(0).default(0) }) });

/** @returns seconds between the server's pings, 0 where it sends none; null for a frame without the reply */
export function announcedPingSeconds(frame: string): number | null {
  for (const line of frame.split('\n')) {
    if (!line.includes('"connect"')) continue;
    try {
      const { data } = connectReply.safeParse(JSON.parse(line));
      if (data) return data.connect.ping;
    } catch {
      // Not ours to judge: the library will.
    }
  }
  return null;
}
