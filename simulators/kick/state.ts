/** All that one simulated Kick knows: its people, channels, application, grants and subscriptions. */
import type { Clock } from '../../src/lib/clock.ts';
import { Grants } from '../world/grants.ts';
import { MessageLog } from '../world/messages.ts';
import { People, type Person, type PersonRef } from '../world/people.ts';
import { Channel } from './channel.ts';
import type { Quirk } from './events/quirks.ts';
import { SigningKey } from './events/signing.ts';

/** What the owner of an application set in the developer panel (docs/platforms/kick.md#hosts-and-application). */
export interface Application {
  readonly id: string;
  readonly secret: string;
  redirectUris: string[];
  webhookUrl: string | null;
  webhooksEnabled: boolean;
  /** Verified applications may have ten times the chat subscriptions. */
  isVerified: boolean;
  /** The account that writes messages of `type: "bot"`; null while there is none. */
  bot: Person | null;
}

export interface KickState {
  readonly clock: Clock;
  readonly people: People;
  readonly grants: Grants;
  readonly log: MessageLog;
  readonly application: Application;
  readonly key: SigningKey;
  /** By broadcaster id. */
  readonly channels: Map<string, Channel>;
  /** Slugs that do not follow from the login, by person. */
  readonly slugs: Map<string, string>;
  /** Applied to every payload. */
  readonly quirks: Set<Quirk>;
}

const USER_TOKEN_S = 7200;
const APP_TOKEN_S = 5_184_000;

export function createState(clock: Clock): KickState {
  const grants = new Grants(clock, {
    userTokenSeconds: USER_TOKEN_S,
    appTokenSeconds: APP_TOKEN_S,
    rotateRefreshTokens: true,
    // Reusable since 2025-11-25 (docs/platforms/kick.md#token-endpoint).
    keepUsedRefreshTokens: true,
  });
  const application: Application = {
    id: '01K0S1MK1CKAPP000000000000',
    secret: '5imulatedkicksecret',
    redirectUris: ['http://localhost:3001/auth/kick/link/callback'],
    webhookUrl: null,
    webhooksEnabled: true,
    isVerified: false,
    bot: null,
  };
  grants.addApplication(application);
  const people = new People(7001);
  return {
    clock,
    people,
    grants,
    log: new MessageLog(),
    application,
    key: new SigningKey(),
    channels: new Map(),
    slugs: new Map(),
    quirks: new Set(),
  };
}

/** `some_name` usually has the slug `some-name` (docs/platforms/kick.md#channels). */
export function slugOf({ slugs }: Pick<KickState, 'slugs'>, { id, login }: Person): string {
  return slugs.get(id) ?? login.replaceAll('_', '-');
}

/** Gives the person a channel, or returns the one that exists. */
export function openChannel({ channels }: KickState, owner: Person): Channel {
  const channel = channels.get(owner.id) ?? new Channel(owner);
  channels.set(owner.id, channel);
  return channel;
}

/** @throws when the person has no channel */
export function channelOf({ people, channels }: KickState, ref: PersonRef): Channel {
  const person = people.find(ref);
  const channel = channels.get(person.id);
  if (!channel) throw new Error(`${person.login} has no channel`);
  return channel;
}
