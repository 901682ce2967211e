/** Finds the name that a channel goes by now: VK tells nobody's by an id, but its owner's account lists them. */
import type { ChannelId } from '../../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { CredentialSource } from '../../account-side.ts';
import { isMissing } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReadChannel } from '../../worker-side.ts';
import type { DevApi } from '../api.ts';
import { readCandidates } from '../candidates.ts';
import type { ChannelName } from '../channel-url.ts';
import { type Directory, slugOf } from '../directory.ts';

export interface MovedDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly api: DevApi;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  readonly directory: Pick<Directory, 'stableIdOf' | 'stableIdAt'>;
}

/** The name; `nowhere` when the owner's account has no such channel, or there is none to ask; `unknown` for now. */
export type Whereabouts = ChannelName | 'nowhere' | 'unknown';

const ASK_AGAIN_MS = 3_600_000;
/** Channels of one account that are looked at. */
const CANDIDATES_MAX = 20;

export class Moved {
  readonly #deps: MovedDeps;
  /** What was found out about each channel under the name it was lost by. */
  readonly #found = new Map<ChannelId, { slug: string; id: string; atMs: number; where: Whereabouts }>();

  constructor(deps: MovedDeps) {
    this.#deps = deps;
  }

  keep(held: ReadonlySet<ChannelId>): void {
    for (const channelId of this.#found.keys()) if (!held.has(channelId)) this.#found.delete(channelId);
  }

  /** Asks once an hour for each name. Never throws. */
  async find(channel: ReadChannel): Promise<Whereabouts> {
    const { clock, log, directory } = this.#deps;
    const { channelId } = channel;
    const [slug, id] = [slugOf(channel), directory.stableIdOf(channel)];
    if (slug === null || id === null) return 'nowhere';
    const known = this.#found.get(channelId);
    const atMs = clock.monotonicMs();
    if (known && known.slug === slug && known.id === id && atMs - known.atMs < ASK_AGAIN_MS) return known.where;
    try {
      const where = await this.#ask(channel, id);
      // Without an account nobody was asked: it may be linked any time.
      if (where !== null) this.#found.set(channelId, { slug, id, atMs, where });
      return where ?? 'nowhere';
    } catch (error) {
      if (error instanceof PlatformUnreachable) return 'unknown';
      log.warn('vkvideo_chatbot.name_lookup_failed', { channelId, error });
      if (!(error instanceof PlatformRefused)) return 'unknown';
      this.#found.set(channelId, { slug, id, atMs, where: 'nowhere' });
      return 'nowhere';
    }
  }

  /** @returns null when there is no account to ask as. @throws PlatformRefused, PlatformUnreachable */
  async #ask({ channelId }: ReadChannel, id: string): Promise<Whereabouts | null> {
    const { api, credentials, directory } = this.#deps;
    const owner = await credentials.owner(channelId);
    if (isMissing(owner)) return owner === 'unavailable' ? 'unknown' : null;
    const candidates = await readCandidates(api.asAccount(credentials, async () => owner));
    for (const name of candidates.slice(0, CANDIDATES_MAX)) {
      if ((await directory.stableIdAt(name.slug)) === id) return name;
    }
    return 'nowhere';
  }
}
