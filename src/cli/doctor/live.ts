/** `--live`: asks each platform that is used one harmless thing, with the token of the account that speaks there. */
import { createCredentialSource } from '../../accounts/credentials.ts';
import type { Db } from '../../db/pool.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { SenderCredential } from '../../platforms/account-side.ts';
import { isMissing } from '../../platforms/no-credential.ts';
import type { CommonDeps, PlatformDescription } from '../../platforms/platform.ts';
import { guarded } from './guarded.ts';

interface LiveDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly commonOf: (description: PlatformDescription) => CommonDeps;
}

/** Of each platform at most one fact. A token that ran out is renewed first, as a worker would. */
export async function liveFacts(deps: LiveDeps, used: readonly PlatformDescription[]): Promise<readonly ToldFact[]> {
  const each = used.map((description) =>
    guarded(`asking ${description.title}`, 'account', () => askOne(deps, description)),
  );
  return (await Promise.all(each)).flat();
}

async function askOne(
  { db, seal, commonOf }: LiveDeps,
  description: PlatformDescription,
): Promise<readonly ToldFact[]> {
  const { id: provider, probe, legacySender } = description;
  const common = commonOf(description);
  const oauth = description.oauth?.(common);
  if (probe === undefined || oauth === undefined) return [];
  const named = legacySender === undefined ? {} : { legacySender: (at: Db) => legacySender({ ...common, db: at }) };
  const credentials = createCredentialSource({
    ...common,
    ...named,
    db,
    seal,
    oauth,
    platform: description,
    announces: false,
  });
  const unknown = (detail: string): ToldFact[] => [
    { check: 'network', cause: 'platform_unreachable', verdict: 'unknown', provider, data: { detail } },
  ];
  const refused = (detail: string): ToldFact[] => [
    { check: 'sender', cause: 'default_bot_relink', provider, data: { detail } },
  ];
  const ask = async (sender: SenderCredential): Promise<readonly ToldFact[]> => {
    const { platformUserId, units, deviations } = await probe({ ...common, db }, sender);
    // Some name the author of a line by another id than the account.
    const isForeign = platformUserId !== null && ![sender.platformUserId, sender.login].includes(platformUserId);
    const found = isForeign ? [...deviations, 'the token belongs to another account'] : deviations;
    const [first] = found;
    if (first === undefined) {
      const data = { login: sender.login, units };
      return [{ check: 'account', cause: 'live_answer_right', provider, data }];
    }
    return [{ check: 'account', cause: 'live_answer_differs', provider, data: { detail: found.join('; '), units } }];
  };
  try {
    const sender = await credentials.defaultSender();
    // Who cannot speak is a finding already.
    if (isMissing(sender)) return sender === 'none' ? [] : unknown('no token can be had at the moment');
    try {
      return await ask(sender);
    } catch (error) {
      if (!isRefusedToken(error)) throw error;
      const renewed = await credentials.renewed(sender, sender.accessToken);
      if (isMissing(renewed)) return renewed === 'none' ? refused(error.message) : unknown(error.message);
      return await ask(renewed);
    }
  } catch (error) {
    if (isRefusedToken(error)) return refused(error.message);
    if (error instanceof PlatformUnreachable) return unknown(error.message);
    if (!(error instanceof PlatformRefused)) throw error;
    return [{ check: 'account', cause: 'live_answer_differs', provider, data: { detail: error.message } }];
  }
}

function isRefusedToken(error: unknown): error is PlatformRefused {
  return error instanceof PlatformRefused && error.status === 401;
}
