/** The words of `SimulatedPlatform` for other processes: `POST <urls.stage>/<name>` with JSON, the same on every platform. */
import { z } from 'zod';
import { systemClock } from '../../src/lib/clock.ts';
import { action, type ControlActions, controlInterface } from './control.ts';
import { Host } from './host.ts';
import { loadRequestSchema, runLoad } from './load.ts';
import type { SimulatedPlatform } from './simulated-platform.ts';

const streamer = z.string();
const role = z.enum(['vip', 'moderator', 'subscriber']);

/** @returns where the stage listens, and how to close it */
export async function openStage(platform: SimulatedPlatform): Promise<{ url: string; close(): Promise<void> }> {
  const host = new Host(
    systemClock,
    () => ({ status: 404 }),
    controlInterface(stageActions(platform), platform.log, systemClock),
  );
  await host.listen(0);
  return { url: `http://127.0.0.1:${host.port}/_control`, close: () => host.stop() };
}

function stageActions(platform: SimulatedPlatform): ControlActions {
  const { stream } = platform.abilities;
  return {
    addStreamer: action(z.object({ name: z.string() }), ({ name }) => platform.addStreamer(name)),
    addStreamers: action(z.object({ count: z.number().int(), prefix: z.string() }), ({ count, prefix }) =>
      Array.from({ length: count }, (_, index) => ({
        name: `${prefix}${index}`,
        channel: platform.addStreamer(`${prefix}${index}`),
      })),
    ),
    linkBot: action(z.object({ name: z.string() }), ({ name }) => platform.linkBot(name)),
    say: action(
      z.object({ streamer, viewer: z.string(), text: z.string(), role: role.optional() }),
      ({ streamer: name, viewer, text, role: held }) => ({ id: platform.say(name, viewer, text, held) }),
    ),
    said: action(z.object({ streamer }), ({ streamer: name }) => platform.said(name)),
    isRead: action(z.object({ streamers: z.array(streamer) }), ({ streamers }) => ({
      isRead: streamers.every((name) => platform.isRead(name)),
    })),
    beginStream: action(z.object({ streamer, startedAt: z.coerce.date().optional() }), (wish) =>
      stream?.begin(wish.streamer, wish.startedAt),
    ),
    endStream: action(z.object({ streamer }), ({ streamer: name }) => stream?.end(name)),
    mapHost: action(z.object({ host: z.string(), target: z.string() }), ({ host, target }) =>
      platform.mapHost?.(host, target),
    ),
    load: action(loadRequestSchema, (request) => runLoad(platform, request)),
  };
}
