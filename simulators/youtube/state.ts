/** All that one simulated YouTube knows: people and their channels, broadcasts, grants, quotas. */
import type { Clock } from '../../src/lib/clock.ts';
import { Grants } from '../world/grants.ts';
import { MessageLog } from '../world/messages.ts';
import { People, type Person } from '../world/people.ts';
import { Broadcasts } from './broadcasts.ts';
import { type Channel, Channels, googleIdOf } from './channels.ts';
import type { YouTubeSimulatorOptions } from './options.ts';
import { type Behaviour, chosenLimits, chosenPrices, USUAL_BEHAVIOUR, type YouTubeLimits } from './options.ts';
import { PageTokens } from './page-tokens.ts';
import { QuotaLedger } from './quota.ts';
import { Talk } from './talk.ts';

export interface YouTubeState {
  readonly clock: Clock;
  readonly limits: YouTubeLimits;
  readonly behaviour: Behaviour;
  readonly people: People;
  readonly channels: Channels;
  readonly broadcasts: Broadcasts;
  readonly grants: Grants;
  readonly quota: QuotaLedger;
  readonly pageTokens: PageTokens;
  readonly talk: Talk;
  readonly log: MessageLog;
  /** Channels picked on the consent page, by refresh token: a grant is bound to one (docs/platforms/youtube.md#token-lifetimes-and-failures). */
  readonly pickedChannels: Map<string, string>;
  /** Projects in which the API is switched off. */
  readonly closedProjects: Set<string>;
}

/** The application a fresh simulator knows, and the key of its project. */
export const APPLICATION = { id: '1234567890-simulated.apps.googleusercontent.com', secret: 'GOCSPX-simulated' };
export const API_KEY = 'AIzaSimulatedKey00000000000000000000000';
/** Of the application and of the key. */
export const PROJECT = 'simulated-project';

const ACCESS_TOKEN_SECONDS = 3600;

export function createState(clock: Clock, options: YouTubeSimulatorOptions): YouTubeState {
  const limits = { ...chosenLimits(options.limits ?? {}) };
  const behaviour = { ...USUAL_BEHAVIOUR, ...options.behaviour };
  const rules = { userTokenSeconds: ACCESS_TOKEN_SECONDS, appTokenSeconds: 0, rotateRefreshTokens: false };
  const grants = new Grants(clock, rules);
  grants.addApplication(APPLICATION);
  const log = new MessageLog();
  return {
    clock,
    limits,
    behaviour,
    people: new People(),
    channels: new Channels(),
    broadcasts: new Broadcasts(clock, behaviour),
    grants,
    quota: new QuotaLedger(clock, chosenPrices(options.prices ?? {}), limits),
    pageTokens: new PageTokens(clock, behaviour),
    talk: new Talk(clock, limits, behaviour, log),
    log,
    pickedChannels: new Map(),
    closedProjects: new Set(),
  };
}

/** The Google account of this name; a new one when nobody has it. */
export function personNamed({ people }: YouTubeState, name: string): Person {
  return people.byLogin(name) ?? people.add({ login: name.toLowerCase(), id: googleIdOf(name), displayName: name });
}

/** The channel of this name; a new one of a new person when nobody has it. */
export function channelNamed(state: YouTubeState, name: string): Channel {
  return state.channels.byName(name) ?? state.channels.add(personNamed(state, name), name, name);
}
