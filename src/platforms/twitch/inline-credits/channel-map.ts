/** The channels of the legacy credits bot, as its two variables write them (docs/contract/workers.md#inline-credits-bot). */
import { z } from 'zod';
import type { Reading } from '../../../lib/settings.ts';
import { roomName } from '../irc/room-names.ts';
import type { TwitchSettings } from '../settings.ts';

/** A chat to read, and the channel of ours that its chatters are credited in. */
export interface MappedChannel {
  readonly login: string;
  /** Lower-case. */
  readonly slug: string;
}

type ChannelMap = readonly MappedChannel[];

interface Entry {
  /** The entry as the operator wrote it, for the warning. */
  readonly text: string;
  readonly channel: MappedChannel | null;
}

const SLUG = /^[^\s:,/]{1,100}$/u;
const SHOWN_ENTRIES = 5;
const SHOWN_CHARACTERS = 40;

const jsonEntry = z.object({ login: z.string(), slug: z.string() });

/** The list wins; the JSON form counts only when the list names nothing. */
export function mappedChannels(
  settings: Pick<TwitchSettings, 'CHAT_BOT_CHANNELS' | 'CHAT_BOT_CHANNEL_MAP_JSON'>,
): ChannelMap {
  const { CHAT_BOT_CHANNELS: list, CHAT_BOT_CHANNEL_MAP_JSON: json } = settings;
  return list.length > 0 ? list : json;
}

/** `login:slug,login2:slug2` */
export function readChannelList(raw: string): Reading<ChannelMap> {
  const entries = raw.split(',').filter((text) => text.trim() !== '');
  return reading(
    'CHAT_BOT_CHANNELS',
    entries.map((text) => {
      const [login = '', slug = '', ...rest] = text.split(':');
      return { text, channel: rest.length > 0 ? null : channelOf(login, slug) };
    }),
  );
}

/** `[{"login":"…","slug":"…"}]` */
export function readChannelJson(raw: string): Reading<ChannelMap> {
  const name = 'CHAT_BOT_CHANNEL_MAP_JSON';
  const array = z.array(z.unknown()).safeParse(parseJson(raw));
  if (!array.success) return { value: [], warning: `${name} is not a JSON array and is ignored` };
  return reading(
    name,
    array.data.map((item) => {
      const parsed = jsonEntry.safeParse(item);
      return {
        text: JSON.stringify(item),
        channel: parsed.success ? channelOf(parsed.data.login, parsed.data.slug) : null,
      };
    }),
  );
}

function channelOf(login: string, slug: string): MappedChannel | null {
  const room = roomName(login);
  const plainSlug = slug.trim().toLowerCase();
  return room === null || !SLUG.test(plainSlug) ? null : { login: room.slice(1), slug: plainSlug };
}

/** A chat is credited in one channel: the first that it is mapped to. */
function reading(name: string, entries: readonly Entry[]): Reading<ChannelMap> {
  const byLogin = new Map<string, MappedChannel>();
  const unused: string[] = [];
  for (const { text, channel } of entries) {
    const known = channel === null ? undefined : byLogin.get(channel.login);
    if (channel !== null && known === undefined) byLogin.set(channel.login, channel);
    else if (channel === null || known?.slug !== channel.slug) unused.push(text);
  }
  const value = [...byLogin.values()];
  return unused.length === 0 ? { value } : { value, warning: warningOf(name, unused) };
}

function warningOf(name: string, unused: readonly string[]): string {
  const shown = unused.slice(0, SHOWN_ENTRIES).map((text) => `"${text.trim().slice(0, SHOWN_CHARACTERS)}"`);
  const more = unused.length > shown.length ? ' …' : '';
  const entries = unused.length === 1 ? 'entry is' : 'entries are';
  return `${name}: ${unused.length} ${entries} ignored: ${shown.join(' ')}${more}. An entry must name a login and the slug of its channel, and a login may be named once.`;
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
