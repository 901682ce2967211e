/** What a simulated YouTube can be started with, and what it can be told to be like. */
import type { Clock } from '../../src/lib/clock.ts';
import { type Method, type Prices, REFERENCE_PRICES } from './quota.ts';

export interface YouTubeSimulatorOptions {
  /** Of the HTTP interface, the gRPC one and the control interface; 0, the default, takes a free one. */
  port?: number;
  grpcPort?: number;
  controlPort?: number;
  /** The platform's own by default; `off` for load runs. */
  limits?: LimitChoice;
  /** Units per call (docs/platforms/youtube.md#allocation-and-cost: the published ones disagree). */
  prices?: Partial<Prices>;
  behaviour?: Partial<Behaviour>;
  clock?: Clock;
}

/** 0 switches a limit off. */
export interface YouTubeLimits {
  unitsPerDay: number;
  searchesPerDay: number;
  /** A chat listed earlier than `pollingIntervalMillis` allows is refused: 1 enforces, 0 does not. */
  enforcePolling: number;
  /** Messages of one account in one chat; the real number is not published. */
  messagesPer10s: number;
  /** Streams of one project opened on one chat; the real number is not published. */
  streamOpensPerMin: number;
  /** Streams one gRPC connection carries at once, as chosen at the start; clients let the next one wait, silently. */
  streamsPerConnection: number;
}

export type LimitChoice = 'off' | Partial<YouTubeLimits>;

const REAL_LIMITS: YouTubeLimits = {
  unitsPerDay: 10_000,
  searchesPerDay: 100,
  enforcePolling: 1,
  messagesPer10s: 10,
  streamOpensPerMin: 10,
  streamsPerConnection: 100,
};

/** What `limits: 'off'` means: as fast as the machine. */
const NO_LIMITS: YouTubeLimits = {
  unitsPerDay: 0,
  searchesPerDay: 0,
  enforcePolling: 0,
  messagesPer10s: 0,
  streamOpensPerMin: 0,
  streamsPerConnection: 0,
};

export function chosenLimits(choice: LimitChoice): YouTubeLimits {
  return choice === 'off' ? NO_LIMITS : { ...REAL_LIMITS, ...choice };
}

export function chosenPrices(changed: Partial<Record<Method, number>>): Prices {
  return { ...REFERENCE_PRICES, ...changed };
}

/** What nobody documents, or what differs from day to day: clients must work with every choice. */
export interface Behaviour {
  /** `adaptive` grows while a chat is idle. */
  pollingIntervalMillis: number | 'adaptive';
  /** How much of a chat whoever comes without a page token is given. */
  historyItems: number;
  /** Page tokens older than this are refused; 0 keeps them for ever. */
  pageTokenSeconds: number;
  /** Whether `list` takes the page tokens of `streamList` and the other way round. */
  sharesPageTokens: boolean;
  /** The server ends streams of this age with status OK; 0 never does. */
  streamSeconds: number;
  /** The server ends streams after so many responses with status OK; 0 never does. */
  streamResponses: number;
  /** Whether a stream of a chat without history begins with an empty response. */
  greetsStreams: boolean;
  /** Streams opened with a token that ran out are cut with UNAUTHENTICATED. */
  endsStreamsOfExpiredTokens: boolean;
  /** How long after an insert its message appears in the chat. */
  echoDelayMs: number;
  /** Whether a deleted message's tombstone is also pushed to whoever reads. */
  pushesTombstones: boolean;
  /** Whether deletions are told by `messageDeletedEvent`, as until 2026. */
  sendsDeletedEvents: boolean;
  /** Whether API errors carry `status` and `details` as infrastructure errors do. */
  detailsInErrors: boolean;
  /** Whether the HTTP stream, refused before it began, puts the error into an array of one. */
  wrapsStreamErrors: boolean;
  /** How long a chat outlives its broadcast when `goOffline` alone is said; 0 leaves it open. */
  chatOutlivesSeconds: number;
}

export const USUAL_BEHAVIOUR: Behaviour = {
  pollingIntervalMillis: 5000,
  historyItems: 75,
  pageTokenSeconds: 0,
  sharesPageTokens: true,
  streamSeconds: 0,
  streamResponses: 0,
  greetsStreams: true,
  endsStreamsOfExpiredTokens: false,
  echoDelayMs: 0,
  pushesTombstones: true,
  sendsDeletedEvents: false,
  detailsInErrors: false,
  wrapsStreamErrors: false,
  chatOutlivesSeconds: 60,
};
