/**
 * Whether the server still knows the subscriptions it granted. One that it lost is as silent as a quiet chat, on a
 * connection that answers every ping. Subscribing once more tells them apart: who is subscribed is refused with 105, and
 * nothing else happens (docs/platforms/vkvideo.md#proof-of-life).
 */
import { repliesIn } from './replies.external.ts';

export interface SubscriptionChecksDeps {
  readonly send: (text: string) => void;
  /** The server does not know the subscription. The library does not know that. */
  readonly lost: (name: string) => void;
  readonly trust: CheckTrust;
}

/** Shared by all connections of a process: what one server makes of the question the others will, too. */
export interface CheckTrust {
  isGood: boolean;
}

/** Looks are 5 s apart: a name that nothing came on for so many is asked about. */
const QUIET_LOOKS = 5;
/** An answer that takes longer does not come any more. */
const ANSWER_LOOKS = 3;
/** The library counts its commands from 1. */
const FIRST_ID = 2 ** 31;
export const ALREADY_SUBSCRIBED = 105;
/** Not subscribed, and refused to be: no such channel, no right, no token, too many. */
const REFUSALS: ReadonlySet<number> = new Set([101, 102, 103, 106, 109, 110]);
/** A server that never says 105 answers something else: its word is not believed for ever. */
const LOSSES_BELIEVED = 3;

export class SubscriptionChecks {
  readonly #deps: SubscriptionChecksDeps;
  /** Looks since anything was heard of a name. */
  readonly #quietLooks = new Map<string, number>();
  readonly #asked = new Map<number, string>();
  /** How often in a row a name was found to be lost. */
  readonly #losses = new Map<string, number>();
  #looksWaited = 0;
  #nextId = FIRST_ID;

  constructor(deps: SubscriptionChecksDeps) {
    this.#deps = deps;
  }

  /** Whether the server owes an answer. */
  get isAwaiting(): boolean {
    return this.#asked.size > 0;
  }

  /** Subscribed now, or something was published there. */
  proven(name: string): void {
    this.#quietLooks.set(name, 0);
  }

  /** Asked about with the next look, however long ago something came. */
  doubt(name: string): void {
    if (this.#quietLooks.has(name)) this.#quietLooks.set(name, QUIET_LOOKS);
  }

  /**
   * The server refuses as subscribed already what the library is not subscribed to: the question did it, when the server
   * had just taken the subscription back. The next try begins from nothing.
   */
  takeBack(name: string): void {
    this.#deps.send(JSON.stringify({ id: this.#id(), unsubscribe: { channel: name } }));
  }

  forget(name: string): void {
    this.#quietLooks.delete(name);
    for (const [id, asked] of this.#asked) if (asked === name) this.#asked.delete(id);
  }

  /** @returns false when the server has owed an answer for too long */
  look(): boolean {
    if (this.isAwaiting) {
      this.#looksWaited += 1;
      return this.#looksWaited < ANSWER_LOOKS;
    }
    if (!this.#deps.trust.isGood) return true;
    const due: string[] = [];
    for (const [name, looks] of this.#quietLooks) {
      this.#quietLooks.set(name, looks + 1);
      if (looks + 1 >= QUIET_LOOKS) due.push(name);
    }
    if (due.length > 0) this.#ask(due);
    return true;
  }

  heard(frame: string): void {
    if (!this.isAwaiting) return;
    for (const { id, errorCode } of repliesIn(frame)) {
      const name = this.#asked.get(id);
      if (name !== undefined) this.#answered(name, errorCode, id);
    }
  }

  #ask(names: readonly string[]): void {
    this.#looksWaited = 0;
    const commands = names.map((channel) => {
      const id = this.#id();
      this.#asked.set(id, channel);
      return JSON.stringify({ id, subscribe: { channel } });
    });
    this.#deps.send(commands.join('\n'));
  }

  #answered(name: string, errorCode: number | null, id: number): void {
    this.#asked.delete(id);
    this.proven(name);
    if (errorCode === ALREADY_SUBSCRIBED) return void this.#losses.delete(name);
    if (errorCode !== null && !REFUSALS.has(errorCode)) return;
    const losses = (this.#losses.get(name) ?? 0) + 1;
    this.#losses.set(name, losses);
    if (losses > LOSSES_BELIEVED) this.#deps.trust.isGood = false;
    this.#deps.lost(name);
  }

  #id(): number {
    return this.#nextId++;
  }
}
