/** A simulated platform as the conformance suite, the demo and the bench steer it: the same few words for all of them. */
import type { Clock } from '../../src/lib/clock.ts';
import type { Role } from '../../src/platforms/platform.ts';
import type { MessageLog } from './messages.ts';

/** Every simulator folder exports one as `simulate` from its `simulated-platform.ts`. */
export type Simulate = (options: SimulateOptions) => Promise<SimulatedPlatform>;

export interface SimulateOptions {
  /** The time the simulator tells; a suite makes it leap. The machine's when absent. */
  readonly clock?: Clock;
  /** `off` lets everybody be as fast as the machine. */
  readonly limits: 'real' | 'off';
  /** Of the platform and of its control interface; 0 or absent is any free one. */
  readonly port?: number;
  readonly controlPort?: number;
}

/** People, streamers and bots go by names the caller gives: lower-case letters, digits and `_`, at most 20. */
export interface SimulatedPlatform {
  /** Addresses by what answers there; `control` is the platform's own control interface. */
  readonly urls: Readonly<Record<string, string>> & { readonly control: string };
  /** Variables that point an API or a worker at the simulator; with `limits: 'off'` they switch our limits off too. */
  readonly env: Readonly<Record<string, string>>;
  /** Every message taken over, with names as given here; `transport` is `script` for what viewers write. */
  readonly log: MessageLog;
  stop(): Promise<void>;
  /** A streamer whose chat can be joined and spoken in at once, broadcasting where that takes a broadcast. */
  addStreamer(name: string): StreamerChannel;
  /** A new grant of this person's account, able to read and speak as a bot. Called again, it is linked again. */
  linkBot(name: string): LinkedAccount;
  /** A viewer, shown under exactly this name, writes a line. @returns what the platform calls the message */
  say(streamer: string, viewer: string, text: string, role?: Role): string;
  /** What our accounts have said there as people see it, oldest first; nothing that viewers said. */
  said(streamer: string): readonly SaidMessage[];
  /** Whether lines written there now would reach the bot. */
  isRead(streamer: string): boolean;
  /** What a streamer types to admit this viewer by name. */
  nameInAllowedUsers(viewer: string): string;
  /** How many access tokens have been renewed since the start. */
  renewals(): number;
  /** For platforms that call webhooks: where calls to this host end. @param target e.g. `http://127.0.0.1:3001` */
  mapHost?(hostName: string, target: string): void;
  readonly abilities: Partial<Abilities>;
}

export interface StreamerChannel {
  /** The subscription's platform channel. */
  readonly target: string;
  /** For the column `platform.channelIdColumn` names; null where there is none. */
  readonly stableId: string | null;
  /** Values of `platform.tables.extraColumns`. */
  readonly extra: Readonly<Record<string, string | null>>;
  /** The streamer's own account, where reading or enabling needs it. */
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

/** What a simulated platform is made to do. One is left out only where the platform's capabilities say why. */
export interface Abilities {
  /** Cuts every connection; new ones are welcome. */
  dropConnections(): void;
  /** Every connection falls silent and deaf without closing; new ones are welcome. */
  mute(): void;
  /** Nobody reaches the platform until `end`. */
  readonly outage: { begin(): Promise<void>; end(): Promise<void> };
  /** The account's access tokens run out now; renewing them works. */
  expireTokens(account: string): void;
  /** The token endpoint answers 502, for renewals and for an application's own token; everything else works. */
  readonly tokenOutage: { begin(): void; end(): Promise<void> };
  /** The person withdraws the grant: tokens are dead, renewing is refused, and connections end as they do there. */
  revokeGrant(account: string): void;
  /** The account is called something else from now on; its id stays. */
  rename(account: string, to: string): void;
  /** The next line of a viewer reaches the bot twice, as the same message. */
  deliverTwice(): void;
  /** The next message of ours is answered with "too many, come back later", later than at once. */
  refuseAsTooMany(): void;
  /** The next message of ours is refused for good. @returns the `lastError` the contract wants recorded for it */
  refuseForGood(): string;
  /** A line written earlier, which a newly connected bot is given as history. */
  sayInThePast(streamer: string, viewer: string, text: string): void;
  /** The stream begins and ends; no event tells. */
  readonly stream: { begin(streamer: string, startedAt?: Date): void; end(streamer: string): void };
  /** Our own account writes without us: its line reaches the bot like anybody's. */
  sayAsBot(streamer: string, account: string, text: string): void;
  /** Gives the viewer a role the platform knows by an id of its own. @returns the id */
  givePlatformRole(streamer: string, viewer: string): string;
}
