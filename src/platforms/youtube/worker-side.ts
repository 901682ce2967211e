/** YouTube in a worker: chats are streamed while their broadcasts run, and spoken to by the Data API. */
import { Turnstile } from '../../lib/turnstile.ts';
import type { WorkerDeps, WorkerSide } from '../platform.ts';
import { createApi } from './api/client.ts';
import { createChatLines } from './chat/lines.ts';
import { OwnMessages } from './chat/own-messages.ts';
import { Positions } from './chat/positions.ts';
import { createLedger } from './quota/ledger.ts';
import { YouTubeReader } from './reader.ts';
import { createSender } from './sender.ts';
import { youtubeSettings } from './settings.ts';

const CHECKS_AT_ONCE = 10;

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const settings = youtubeSettings(deps.settings);
  const ledger = createLedger({ ...deps, settings, share: deps.limitShare });
  const api = createApi(deps, ledger);
  const lines = createChatLines({ target: settings.YOUTUBE_GRPC_TARGET, clock: deps.clock });
  const positions = new Positions(deps);
  const own = new OwnMessages(deps.isOwnAccount);
  const shortestCheckMs = settings.YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS * 1000;
  const shared = { ...deps, api, ledger, lines, positions, own, shortestCheckMs };
  const reader = new YouTubeReader({ ...shared, polled: new Set(), turnstile: new Turnstile(CHECKS_AT_ONCE) });

  return {
    reader,
    sender: createSender({ ...shared, places: reader }),
    liveStatus: reader,
    details: () => ({ quota: ledger.outlook() }),
    async close() {
      reader.close();
      lines.close();
      await positions.flush();
    },
  };
}
