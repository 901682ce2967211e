/** Trovo in the API: what has to be right before its bot is switched on (docs/contract/http-api.md#enabling-trovo). */
import type { PlatformChannelId } from '../../lib/brand.ts';
import { BadInput, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { AccountCredential, NoOwner } from '../account-side.ts';
import type { ApiDeps, ApiSide, EnableRequest } from '../api-side.ts';
import { isMissing } from '../no-credential.ts';
import { createRest } from './rest/client.ts';
import { refusalOf } from './rest/refusal.ts';
import { userInfoAnswer } from './rest/rest.external.ts';
import { type TrovoSettings, trovoSettings, trovoUrls } from './settings.ts';

const CHANNEL_ID = /^[1-9]\d{0,19}$/;

export function openApiSide(deps: ApiDeps): ApiSide {
  const settings = trovoSettings(deps.settings);
  return {
    async resolveChannel(request) {
      if (settings.TROVO_CLIENT_ID === null) throw new BadInput('TROVO_BOT_NOT_CONFIGURED');
      const account = required(await deps.credentials.owner(request.channelId));
      const target = await channelIdOf(deps, settings, account, request);
      if (!(await request.hasSender())) throw new BadInput('TROVO_BOT_NOT_CONFIGURED');
      return {
        target: target as PlatformChannelId,
        extra: { userId: request.userId },
        warnings: missingScopes(account),
      };
    },
  };
}

/** The channel that was asked for, when it is the streamer's own; theirs when none was. */
async function channelIdOf(
  deps: ApiDeps,
  settings: TrovoSettings,
  account: AccountCredential,
  { body, isAdmin }: EnableRequest,
): Promise<string> {
  const asked = askedChannelId(body);
  if (asked !== '' && isAdmin) return asked;
  try {
    const own = await ownChannelId(deps, settings, account);
    if (asked !== '' && asked !== own) throw new BadInput('CHANNEL_NOT_OWNED');
    return own;
  } catch (error) {
    // Nobody promises that an account and its channel have one id, yet everywhere they do: good enough while Trovo
    // cannot be asked (docs/design.md#errors-and-inputs, docs/platforms/trovo.md#rest-endpoints).
    if (error instanceof PlatformUnreachable && asked === (account.platformUserId as string)) return asked;
    throw error;
  }
}

/** @returns the empty text when none was asked for */
function askedChannelId({ trovoChannelId: given = '' }: EnableRequest['body']): string {
  const asked = typeof given === 'string' ? given.trim() : null;
  if (asked === '' || (asked !== null && CHANNEL_ID.test(asked))) return asked;
  throw new BadInput('BAD_REQUEST', 'trovoChannelId must be the id of a Trovo channel: a string of digits');
}

/** @throws BadInput when Trovo names none; PlatformUnreachable when it does not answer */
async function ownChannelId(deps: ApiDeps, settings: TrovoSettings, account: AccountCredential): Promise<string> {
  const rest = createRest(deps, settings);
  const ask = (accessToken: string) => rest.call({ url: trovoUrls(settings).userInfo, accessToken });
  let answer = await ask(account.accessToken);
  if (refusalOf(answer)?.kind === 'token') {
    answer = await ask(required(await deps.credentials.renewed(account, account.accessToken)).accessToken);
  }
  return channelIdIn(answer);
}

function channelIdIn(answer: HttpAnswer): string {
  const refusal = refusalOf(answer);
  switch (refusal?.kind) {
    case 'outage':
    case 'internal':
    case 'rate_limited':
      throw new PlatformUnreachable(`Trovo API error: ${answer.status} ${refusal.message}`);
    case undefined:
      break;
    default:
      throw new BadInput(
        'BAD_REQUEST',
        'Trovo refused to name the channel of the linked account. Link the account again.',
      );
  }
  const channelId = userInfoAnswer.safeParse(answer.json()).data?.channelId ?? '';
  if (channelId === '') throw new BadInput('BAD_REQUEST', 'The linked Trovo account has no channel');
  return channelId;
}

/** @throws BadInput where the streamer has to link an account; PlatformUnreachable while Trovo hands out no token */
function required(account: AccountCredential | NoOwner): AccountCredential {
  if (!isMissing(account)) return account;
  switch (account) {
    case 'none':
    case 'unlinked':
    case 'unreadable':
      throw new BadInput('TROVO_NOT_LINKED', '', { extras: { code: 'TROVO_NOT_LINKED' } });
    case 'unavailable':
      throw new PlatformUnreachable('Trovo does not renew tokens at the moment');
  }
}

/** Known scopes only: older links do not tell what was granted. */
function missingScopes({ scopes }: AccountCredential): string[] {
  if (scopes.size === 0) return [];
  const warnings = [];
  if (!scopes.has('chat_connect')) {
    warnings.push(
      'The linked Trovo account lacks the scope chat_connect, so the bot cannot read its chat. Link the account again.',
    );
  }
  if (!scopes.has('send_to_my_channel')) {
    warnings.push(
      'The linked Trovo account lacks the scope send_to_my_channel, so the bot cannot write. Link the account again.',
    );
  }
  return warnings;
}
