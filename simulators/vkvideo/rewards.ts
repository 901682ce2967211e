/** Rewards for channel points, and what viewers demanded for them (docs/platforms/vkvideo.md#channel-points). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';
import type { Person } from '../world/people.ts';
import type { Channel } from './channel.ts';
import type { Chat } from './chat.ts';
import type { Events } from './events.ts';
import type { Part } from './parts.ts';
import { shownPerson, unixSeconds } from './shapes.ts';

interface Reward {
  readonly id: string;
  readonly channelId: string;
  name: string;
  price: number;
  isDisabled: boolean;
}

interface Demand {
  readonly id: number;
  readonly channelId: string;
  readonly created_at: number;
  status: 'pending' | 'approved' | 'rejected';
  readonly reward: { readonly id: string };
  readonly user: ReturnType<typeof shownPerson>;
  readonly message_parts: readonly Part[];
}

const FIRST_DEMAND_ID = 501;
const PICTURES = { small_url: '', medium_url: '', large_url: '' };

export class Rewards {
  readonly #clock: Clock;
  readonly #chat: Chat;
  readonly #events: Events;
  readonly #systemBot: Person;
  #rewards: Reward[] = [];
  readonly #demands: Demand[] = [];

  constructor(clock: Clock, chat: Chat, events: Events, systemBot: Person) {
    this.#clock = clock;
    this.#chat = chat;
    this.#events = events;
    this.#systemBot = systemBot;
  }

  create(channel: Channel, name: string, price: number): string {
    const id = randomUUID();
    this.#rewards.push({ id, channelId: channel.id, name, price, isDisabled: false });
    return id;
  }

  edit(channel: Channel, id: string, change: Partial<Pick<Reward, 'name' | 'price' | 'isDisabled'>>): boolean {
    const reward = this.#find(channel, id);
    if (reward) Object.assign(reward, change);
    return reward !== undefined;
  }

  delete(channel: Channel, id: string): boolean {
    const before = this.#rewards.length;
    this.#rewards = this.#rewards.filter((each) => each !== this.#find(channel, id));
    return this.#rewards.length < before;
  }

  in({ id: channelId }: Channel) {
    return this.#rewards
      .filter((each) => each.channelId === channelId)
      .map(({ id, name, price, isDisabled }) => ({
        id,
        name,
        description: '',
        price,
        background_color: 3,
        is_disabled: isDisabled,
        is_message_required: false,
        max_uses_count: 0,
        max_uses_count_per_user: 0,
        repair_timeout: 0,
        ...PICTURES,
      }));
  }

  /** The owner is told on the private channel, everybody by a line of the system bot. @returns null for no such reward */
  demand(channel: Channel, viewer: Person, rewardId: string, parts: readonly Part[]): number | null {
    const reward = this.#find(channel, rewardId);
    if (!reward || reward.isDisabled) return null;
    const demand: Demand = {
      id: FIRST_DEMAND_ID + this.#demands.length,
      channelId: channel.id,
      created_at: unixSeconds(this.#clock.now()),
      status: 'pending',
      reward: { id: rewardId },
      user: shownPerson(viewer),
      message_parts: parts,
    };
    this.#demands.push(demand);
    this.#events.demand(channel, shownDemand(demand));
    const line = [{ mention: { id: viewer.id } }, { text: { content: ` получает награду: ${reward.name}` } }];
    this.#chat.show({ channel, author: this.#systemBot, parts: line, transport: 'script' });
    return demand.id;
  }

  demandsIn(channel: Channel, rewardId: string | null, offset: number, limit: number) {
    const all = this.#demands.filter(
      (each) => each.channelId === channel.id && (rewardId === null || each.reward.id === rewardId),
    );
    const page = all.slice(offset, offset + limit);
    const next = offset + page.length;
    return { demands: page.map(shownDemand), isLast: next >= all.length, offset: next };
  }

  settle(channel: Channel, ids: readonly number[], status: 'approved' | 'rejected'): void {
    for (const demand of this.#demands) {
      if (demand.channelId === channel.id && ids.includes(demand.id)) demand.status = status;
    }
  }

  #find(channel: Channel, rewardId: string): Reward | undefined {
    return this.#rewards.find(({ id, channelId }) => id === rewardId && channelId === channel.id);
  }
}

function shownDemand({ channelId: _, ...shown }: Demand) {
  return shown;
}
