/** Reads every loft over one connection of the shared bot, renewed for ever. */
import { backoffMs } from '../../lib/backoff.ts';
import type { PlatformMessageId, PlatformUserId, ProviderId } from '../../lib/brand.ts';
import type { NoCredential, SenderCredential } from '../account-side.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE, isMissing, stateWithout } from '../no-credential.ts';
import type { ChatReader, ReadChannel, ReaderState, WorkerDeps } from '../worker-side.ts';
import type { Line } from './pigeon.external.ts';
import { Session } from './session.ts';
import { pigeonSettings } from './settings.ts';

const BACKOFF = { firstMs: 1000, longestMs: 30_000 };
const NO_SENDER_MS = 30_000;

export class Reader implements ChatReader {
  readonly #deps: WorkerDeps;
  #lofts = new Map<string, ReadChannel>();
  #session: Session | null = null;
  #isOpen = false;
  #isStarted = false;
  #isClosed = false;
  #wake = new AbortController();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    deps.credentials.onDefaultSenderChanged(() => {
      this.#session?.close();
      this.#wake.abort();
    });
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const before = this.#lofts;
    this.#lofts = new Map(channels.map((channel) => [channel.target, channel]));
    for (const loft of before.keys()) if (!this.#lofts.has(loft)) this.#session?.write({ leave: loft });
    if (this.#isOpen)
      for (const loft of this.#lofts.keys()) if (!before.has(loft)) this.#session?.write({ join: loft });
    if (channels.length > 0 && !this.#isStarted) {
      this.#isStarted = true;
      void this.#keepUp();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.close();
    this.#wake.abort();
  }

  async #keepUp(): Promise<void> {
    let failures = 0;
    let renewed: SenderCredential | null = null;
    while (!this.#isClosed) {
      this.#wake = new AbortController();
      const credential: SenderCredential | NoCredential =
        renewed ?? (await this.#deps.credentials.defaultSender().catch(() => 'unavailable' as const));
      renewed = null;
      if (isMissing(credential)) {
        this.#tell(stateWithout(credential, 'no_default_client'));
        await this.#pause(credential === 'none' ? NO_SENDER_MS : CREDENTIAL_RETRY_MS);
        continue;
      }
      const ending = await this.#live(credential, () => {
        failures = 0;
      });
      if (this.#isClosed) return;
      if (ending === 'refused') {
        const fresh = await this.#renewed(credential);
        if (!isMissing(fresh)) renewed = fresh;
        else if (fresh === 'none') {
          this.#tell({ kind: 'needs_user_action', reason: 'login_refused' });
          await this.#pause(NO_SENDER_MS);
        }
      } else {
        this.#tell({ kind: 'degraded', reason: 'disconnected' });
        failures += 1;
        await this.#pause(backoffMs(failures, BACKOFF, this.#deps.random));
      }
    }
  }

  /** Waits for as long as no token can be had at all: a refused one is not worth another login. */
  async #renewed(credential: SenderCredential): Promise<SenderCredential | NoCredential> {
    for (;;) {
      const renewed = await this.#deps.credentials
        .renewed(credential, credential.accessToken)
        .catch(() => 'unavailable' as const);
      if (renewed !== 'unavailable' || this.#isClosed || this.#wake.signal.aborted) return renewed;
      this.#tell(CREDENTIALS_UNAVAILABLE);
      await this.#pause(CREDENTIAL_RETRY_MS);
    }
  }

  #live({ accessToken }: SenderCredential, opened: () => void): Promise<'refused' | 'lost'> {
    const { promise, resolve } = Promise.withResolvers<'refused' | 'lost'>();
    const { clock, settings, events } = this.#deps;
    const session = new Session({
      url: `${pigeonSettings(settings).PIGEON_URL}/chat`,
      accessToken,
      clock,
      opened: () => {
        opened();
        this.#isOpen = true;
        for (const loft of this.#lofts.keys()) session.write({ join: loft });
      },
      joined: (loft) => {
        const channel = this.#lofts.get(loft);
        if (channel) events.state(channel.channelId, { kind: 'live', reason: null });
      },
      line: (line) => this.#hear(line),
      ended: (why) => {
        this.#isOpen = false;
        resolve(why);
      },
    });
    this.#session = session;
    return promise;
  }

  #hear({ id, loft, text, atMs, author }: Line): void {
    const channel = this.#lofts.get(loft);
    if (channel === undefined) return;
    const platformUserId = author.id as PlatformUserId;
    this.#deps.events.message({
      provider: 'pigeon' as ProviderId,
      channelId: channel.channelId,
      messageId: id as PlatformMessageId,
      author: {
        platformUserId,
        login: author.name.toLowerCase(),
        displayName: author.name,
        avatarUrl: null,
        roles: new Set(author.isModerator ? (['moderator'] as const) : []),
      },
      text,
      sentAtMs: atMs,
      isBacklog: false,
      isOwn: this.#deps.isOwnAccount(platformUserId),
    });
  }

  #tell(state: ReaderState): void {
    for (const { channelId } of this.#lofts.values()) this.#deps.events.state(channelId, state);
  }

  async #pause(ms: number): Promise<void> {
    await this.#deps.clock.sleep(ms, this.#wake.signal).catch(() => {}); // woken
  }
}
