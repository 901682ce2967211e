/** What the conformance suite has to be told about a platform: how to run its simulator, and how to make it misbehave. */
import type { Clock } from '../../src/lib/clock.ts';
import type { Platform, Role } from '../../src/platforms/platform.ts';

export interface ConformanceAdapter {
  readonly platform: Platform;
  /** Every ability the simulated platform does not offer, with the fact about the real one that excuses it. */
  readonly lacks: Partial<Readonly<Record<AbilityName, string>>>;
  /** Starts the simulator without any limit of its own, and whatever else has to stand between it and a worker. */
  start(surroundings: Surroundings): Promise<SimulatedPlatform>;
}

export interface Surroundings {
  /** The worker's time, which the suite makes leap: the simulator must tell time by it too. */
  readonly clock: Clock;
  /** For platforms that deliver to an API, which hands over by the database. */
  readonly databaseUrl: string;
}

/** People, streamers and bots go by names the suite gives: lower-case letters, digits and `_`, at most 20. */
export interface SimulatedPlatform {
  /** Variables that point a worker at the simulator and switch its own limits off. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** A streamer whose chat can be joined and spoken in at once; without an event of any kind. */
  addStreamer(name: string): StreamerChannel;
  /** A new grant of this person's account, able to read and speak as a bot. Called again, it is linked again. */
  linkBot(name: string): LinkedAccount;
  /** A viewer, shown under exactly this name, writes a line. */
  say(streamer: string, viewer: string, text: string, role?: Role): void;
  /** What our accounts have said there as people see it, oldest first; nothing that viewers said. */
  said(streamer: string): readonly SaidMessage[];
  /** Whether lines written there now would reach the bot. */
  isRead(streamer: string): boolean;
  /** What a streamer types to admit this viewer by name. */
  nameInAllowedUsers(viewer: string): string;
  /** How many access tokens have been renewed since the start. */
  renewals(): number;
  readonly abilities: Partial<Abilities>;
}

export interface StreamerChannel {
  /** The subscription's platform channel. */
  readonly target: string;
  /** For the column `platform.channelIdColumn` names; null where there is none. */
  readonly stableId: string | null;
  /** Values of `platform.tables.extraColumns`. */
  readonly extra: Readonly<Record<string, string | null>>;
  /** The streamer's own account, where reading needs it. */
  readonly account: LinkedAccount | null;
}

export interface LinkedAccount {
  readonly platformUserId: string;
  readonly login: string | null;
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly scopes: readonly string[];
}

export interface SaidMessage {
  /** The account's name, as given to `linkBot`. */
  readonly author: string;
  readonly text: string;
  /** What the platform calls the message; null where it does not tell the sender. */
  readonly id: string | null;
}

export type AbilityName = keyof Abilities;

/** What the suite makes the platform do. Each is either offered or declared in `lacks`. */
export interface Abilities {
  /** Cuts every connection; new ones are welcome. */
  dropConnections(): void;
  /** Every connection falls silent and deaf without closing; new ones are welcome. */
  mute(): void;
  /** Nobody reaches the platform until `end`. */
  readonly outage: { begin(): Promise<void>; end(): Promise<void> };
  /** The account's access tokens run out now; renewing them works. */
  expireTokens(account: string): void;
  /** The person withdraws the grant: tokens are dead, renewing is refused, and connections end as they do there. */
  revokeGrant(account: string): void;
  /** The next line of a viewer reaches the bot twice, as the same message. */
  deliverTwice(): void;
  /** The next message of ours is answered with "too many, come back later", later than at once. */
  refuseAsTooMany(): void;
  /** The next message of ours is refused for good. @returns the `lastError` the contract wants recorded for it */
  refuseForGood(): string;
  /** A line written earlier, which a newly connected bot is given as history. */
  sayInThePast(streamer: string, viewer: string, text: string): void;
  /** The stream begins and ends; no event tells. */
  readonly stream: { begin(streamer: string): void; end(streamer: string): void };
  /** Our own account writes without us: its line reaches the bot like anybody's. */
  sayAsBot(streamer: string, account: string, text: string): void;
  /** Gives the viewer a role the platform knows by an id of its own. @returns the id */
  givePlatformRole(streamer: string, viewer: string): string;
}
