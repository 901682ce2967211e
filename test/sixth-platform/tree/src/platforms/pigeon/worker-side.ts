/** Pigeon in a worker. */
import type { ChannelId } from '../../lib/brand.ts';
import { nameOfDefaultBot } from '../bot-names.ts';
import type { LiveFact, LiveStatus, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { createOAuth } from './oauth.ts';
import { lofts } from './pigeon.external.ts';
import { Reader } from './reader.ts';
import { createSender } from './sender.ts';
import { pigeonSettings } from './settings.ts';

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const reader = new Reader(deps);
  return {
    reader,
    sender: createSender(deps),
    liveStatus: liveStatus(deps),
    names: nameOfDefaultBot(deps.credentials, createOAuth(deps).identify),
    async close() {
      reader.close();
    },
  };
}

function liveStatus({ settings, http, clock }: WorkerDeps): LiveStatus {
  return {
    async poll(channels) {
      const answer = await http(`${pigeonSettings(settings).PIGEON_URL}/lofts`).catch(() => null);
      const parsed = lofts.safeParse(answer?.json());
      const facts = new Map<ChannelId, LiveFact>();
      for (const { loft, liveSinceMs } of parsed.data ?? []) {
        const channel = channels.find(({ target }) => target === loft);
        if (channel === undefined) continue;
        const at = liveSinceMs === null ? clock.now() : new Date(liveSinceMs);
        facts.set(channel.channelId, { isLive: liveSinceMs !== null, at });
      }
      return facts;
    },
  };
}
