/** The token that opens one connection to a chat: asked for by the streamer's own account, 20 s old at most (docs/platforms/trovo.md#chat-token). */
import type { Clock } from '../../../lib/clock.ts';
import { PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import type { AccountCredential, CredentialSource } from '../../account-side.ts';
import type { CauseCode } from '../../causes/cause.ts';
import { CREDENTIALS_UNAVAILABLE, isMissing, stateWithout } from '../../no-credential.ts';
import type { ReadChannel, ReaderState } from '../../worker-side.ts';
import type { Rest } from '../rest/client.ts';
import { type Refusal, refusalOf, resetTime } from '../rest/refusal.ts';
import { chatTokenAnswer } from '../rest/rest.external.ts';

export interface ChatTokenDeps {
  readonly rest: Rest;
  readonly url: string;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  readonly clock: Pick<Clock, 'now'>;
}

export type ChatToken =
  | { kind: 'token'; token: string }
  | {
      kind: 'none';
      state: ReaderState;
      /** HTTP status of the refusal; 0 without an answer. */
      status: number;
      /** Nobody is to ask earlier. */
      retryAt?: Date;
      error?: unknown;
    };

/** Never throws: whatever is wrong is a state. */
export async function obtainChatToken(deps: ChatTokenDeps, { channelId }: ReadChannel): Promise<ChatToken> {
  const { credentials } = deps;
  try {
    const owner = await credentials.owner(channelId);
    if (isMissing(owner)) return none(stateWithout(owner, 'owner_login_refused', 'owner_not_linked'));
    const first = await ask(deps, owner);
    if (first !== 'refused_token') return first;
    const renewed = await credentials.renewed(owner, owner.accessToken);
    if (isMissing(renewed)) return none(stateWithout(renewed, 'owner_login_refused'), 401);
    const second = await ask(deps, renewed);
    return second === 'refused_token' ? none(userAction('owner_login_refused'), 401) : second;
  } catch (error) {
    const isTheirs = error instanceof PlatformUnreachable;
    return { ...none(isTheirs ? { kind: 'degraded', reason: 'unreachable' } : CREDENTIALS_UNAVAILABLE), error };
  }
}

async function ask(
  { rest, url, clock }: ChatTokenDeps,
  owner: AccountCredential,
): Promise<ChatToken | 'refused_token'> {
  const answer = await rest.call({ url, accessToken: owner.accessToken });
  const refusal = refusalOf(answer);
  if (refusal === null) return tokenOf(answer);
  if (refusal.kind === 'token') return 'refused_token';
  const retryAt = refusal.kind === 'rate_limited' ? resetTime(answer, clock) : undefined;
  return { ...none(stateOf(refusal), answer.status), ...(retryAt === undefined ? {} : { retryAt }) };
}

function tokenOf(answer: HttpAnswer): ChatToken {
  const parsed = chatTokenAnswer.safeParse(answer.json());
  if (!parsed.success) return none({ kind: 'degraded', reason: 'chat_token_unreadable' }, answer.status);
  return { kind: 'token', token: parsed.data.token };
}

function stateOf({ kind }: Refusal): ReaderState {
  switch (kind) {
    case 'permission':
      return userAction('missing_scope_chat_connect');
    case 'token':
    case 'grant':
      return userAction('owner_login_refused');
    case 'client':
      return userAction('client_refused');
    case 'rate_limited':
      return { kind: 'degraded', reason: 'rate_limited' };
    case 'permanent':
      return userAction('chat_token_refused');
    case 'outage':
    case 'internal':
    case 'spam':
    case 'slow_mode':
      return { kind: 'degraded', reason: 'chat_token_failed' };
  }
}

function none(state: ReaderState, status = 0): Extract<ChatToken, { kind: 'none' }> {
  return { kind: 'none', state, status };
}

function userAction(reason: CauseCode): ReaderState {
  return { kind: 'needs_user_action', reason };
}
