/** The channels of a simulated YouTube: what people see of an account. */
import { createHash } from 'node:crypto';
import type { Person } from '../world/people.ts';

export interface Channel {
  readonly id: string;
  /** What the script calls it. */
  readonly name: string;
  /** Of the Google account. */
  readonly ownerId: string;
  title: string;
  /** With its `@`. */
  readonly handle: string;
  isVerified: boolean;
  canStream: boolean;
  /** Ids of the entries by channel id. */
  readonly moderators: Map<string, string>;
  /** Channel ids. */
  readonly members: Set<string>;
}

export class Channels {
  readonly #byId = new Map<string, Channel>();
  readonly #byName = new Map<string, Channel>();
  readonly #byOwner = new Map<string, Channel[]>();

  /** @returns the channel that already has this name, or a new one of the person */
  add(owner: Person, name: string, title: string): Channel {
    const known = this.#byName.get(name);
    if (known) return known;
    const channel: Channel = {
      id: channelIdOf(name),
      name,
      ownerId: owner.id,
      title,
      handle: `@${name.replace(/^@/, '')}`,
      isVerified: false,
      canStream: true,
      moderators: new Map(),
      members: new Set(),
    };
    this.#byId.set(channel.id, channel);
    this.#byName.set(name, channel);
    this.#byOwner.set(owner.id, [...this.of(owner.id), channel]);
    return channel;
  }

  byId(id: string | null | undefined): Channel | undefined {
    return id ? this.#byId.get(id) : undefined;
  }

  byName(name: string): Channel | undefined {
    return this.#byName.get(name);
  }

  byHandle(handle: string): Channel | undefined {
    const wanted = `@${handle.replace(/^@/, '')}`.toLowerCase();
    return [...this.#byId.values()].find((channel) => channel.handle.toLowerCase() === wanted);
  }

  /** A person may have none, and brand accounts beside the own one. */
  of(personId: string): readonly Channel[] {
    return this.#byOwner.get(personId) ?? [];
  }

  all(): Channel[] {
    return [...this.#byId.values()];
  }
}

/** A Google account's id: 21 digits, the same in every run. */
export function googleIdOf(name: string): string {
  const number = BigInt(`0x${digestOf(name).subarray(0, 16).toString('hex')}`) % 10n ** 20n;
  return `1${String(number).padStart(20, '0')}`;
}

function channelIdOf(name: string): string {
  return `UC${digestOf(name).toString('base64url').slice(0, 22)}`;
}

function digestOf(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}
