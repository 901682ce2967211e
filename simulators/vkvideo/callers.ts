/** Who asks: the application by its secret or its token, or a person through it (docs/platforms/vkvideo.md#other-grants, docs/platforms/vkvideo.md#common-rules). */
import type { Application } from '../world/grants.ts';
import type { Call } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import type { VkVideoState } from './state.ts';

export interface Caller {
  /** Null for the application itself. */
  readonly person: Person | null;
  readonly scopes: readonly string[];
}

/** The application whose id and secret the Basic header carries. */
export function clientOf({ grants }: VkVideoState, { headers }: Pick<Call, 'headers'>): Application | null {
  const [scheme, credentials = ''] = (headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return null;
  const [id = '', secret] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  const application = grants.application(id);
  return application && application.secret === secret ? application : null;
}

/** @returns null for a token that is unknown or has run out */
export function callerOf(state: VkVideoState, call: Call): Caller | null {
  if (clientOf(state, call)) return { person: null, scopes: [] };
  const [scheme, access = ''] = (call.headers.authorization ?? '').split(' ');
  const token = scheme?.toLowerCase() === 'bearer' ? state.grants.find(access) : undefined;
  if (!token) return null;
  return { person: state.people.byId(token.personId) ?? null, scopes: token.scopes };
}
