/** YouTube in a worker: chats are streamed while their broadcasts run, and spoken to by the Data API. */

import { Turnstile } from '../../lib/turnstile.ts';
import { asDefaultBot, BOTS_ALONE } from '../bot-names.ts';
import type { Told } from '../platform.ts';
import type { NameDirectory, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { createApi, type YouTubeApi } from './api/client.ts';
import { createChatLines } from './chat/lines.ts';
import { OwnMessages } from './chat/own-messages.ts';
import { Positions } from './chat/positions.ts';
import { createLedger, type Ledger } from './quota/ledger.ts';
import { YouTubeReader } from './reader.ts';
import { createSender } from './sender.ts';
import { youtubeSettings } from './settings.ts';

const CHECKS_AT_ONCE = 10;
/** Share of the day's units below which nobody is asked for names. */
const LEFT_TO_CHATS = 0.1;

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
    names: botNames(shared),
    details: () => ({ quota: ledger.outlook() }),
    told: () => quotaTold(ledger),
    async close() {
      reader.close();
      lines.close();
      await positions.flush();
    },
  };
}

interface NamesDeps extends Pick<WorkerDeps, 'credentials'> {
  readonly api: YouTubeApi;
  readonly ledger: Ledger;
}

/** A channel's title may change; its id, which is the login of a linked account, does not. */
function botNames({ credentials, api, ledger }: NamesDeps): NameDirectory {
  return {
    ...BOTS_ALONE,
    idsPerQuestion: 50,
    async namesOf(ids) {
      const { unitsLeft, unitsMax } = ledger.outlook();
      if (unitsLeft < unitsMax * LEFT_TO_CHATS) return new Map();
      const channels = await asDefaultBot(credentials, (accessToken) => api.channels(accessToken, ids));
      const names = (channels ?? []).flatMap(({ id, title }) =>
        title === null ? [] : [[id, { login: id, displayName: title }] as const],
      );
      return new Map(names);
    },
  };
}

/** Below this share of the day's units messages and live checks are given up one after the other. */
const LOW_SHARE = 0.1;

function quotaTold(ledger: Ledger): readonly Told[] {
  const { unitsLeft, unitsMax, renewedAt } = ledger.outlook();
  if (unitsLeft >= unitsMax * LOW_SHARE) return [];
  const until = renewedAt.toISOString();
  if (unitsLeft <= 0) return [{ check: 'quota', cause: 'quota_exhausted', data: { until } }];
  // Rounded: a worker writes what it tells whenever that changes.
  return [{ check: 'quota', cause: 'quota_low', data: { unitsLeft: Math.ceil(unitsLeft / 10) * 10, unitsMax, until } }];
}
