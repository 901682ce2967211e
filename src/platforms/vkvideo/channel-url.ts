/** The names of a channel: what people type, what VK answers, and the one form that is stored (docs/design.md#errors-and-inputs). */
import { trimEndOf } from '../../lib/trim-end.ts';

export interface ChannelName {
  /** Last part of the path, decoded: what VK calls the channel, and what we call its id. */
  readonly slug: string;
  readonly url: string;
}

const SITE = 'https://live.vkvideo.ru/';
/** Older names of the site (docs/platforms/vkvideo.md#decisions-in-short) stand in bookmarks still. */
const HOSTS = new Set(['live.vkvideo.ru', 'www.live.vkvideo.ru', 'live.vkplay.ru', 'vkplay.live', 'www.vkplay.live']);
const SLUG = /^[^\s\p{Cc}/?#@:]{1,200}$/u;

/**
 * A channel as VK or a stored row names it: a slug, `host/slug` or a URL on any host.
 *
 * @returns null when no slug can be found in it
 */
export function channelUrl(text: string): ChannelName | null {
  const parts = parse(text);
  return parts && named(parts.slug);
}

/** A channel as a person types it. A URL has to be on one of the sites of VK. @returns null when it is none */
export function typedChannelUrl(text: string): ChannelName | null {
  const parts = parse(text);
  if (parts === null || (parts.host !== null && !HOSTS.has(parts.host))) return null;
  return named(parts.slug);
}

/** Whether two names mean one channel. */
export function isSameSlug(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function named(slug: string): ChannelName | null {
  return SLUG.test(slug) && !HOSTS.has(slug.toLowerCase()) ? { slug, url: SITE + encodeURIComponent(slug) } : null;
}

function parse(text: string): { host: string | null; slug: string } | null {
  const trimmed = text.trim();
  const withoutEnd = trimEndOf(trimmed, /^\/$/);
  const hasHost = /^https?:\/\//i.test(trimmed) || withoutEnd.includes('/');
  if (!hasHost) return { host: null, slug: decode(withoutEnd) };
  const absolute = /^https?:\/\//i.test(trimmed) ? trimmed : `https://${trimmed.replace(/^\/+/, '')}`;
  if (!URL.canParse(absolute)) return null;
  const { hostname, pathname } = new URL(absolute);
  const slug = pathname.split('/').filter(Boolean).at(-1);
  return slug === undefined ? null : { host: hostname.toLowerCase(), slug: decode(slug) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
