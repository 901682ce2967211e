/** In which language a person is answered (docs/contract/http-api.md#languages). */
import type { FastifyRequest } from 'fastify';
import type { Language } from '../platforms/causes/cause.ts';

const LONGEST_HEADER = 256;

/** `?lang=` where it names a language we have, else the one of ours that `Accept-Language` likes best, else English. */
export function languageOf({ query, headers }: Pick<FastifyRequest, 'query' | 'headers'>): Language {
  const asked = typeof query === 'object' && query !== null && 'lang' in query ? query.lang : null;
  return ours(asked) ?? preferred(headers['accept-language'] ?? '') ?? 'en';
}

function ours(tag: unknown): Language | null {
  if (typeof tag !== 'string') return null;
  const [language = ''] = tag.trim().toLowerCase().split('-');
  return language === 'ru' || language === 'en' ? language : null;
}

function preferred(header: string): Language | null {
  let best: { language: Language; weight: number } | null = null;
  for (const part of header.slice(0, LONGEST_HEADER).split(',')) {
    const [tag, ...parameters] = part.split(';');
    const language = ours(tag);
    const quality = parameters.map((text) => text.trim()).find((text) => text.startsWith('q='));
    const weight = quality === undefined ? 1 : Number(quality.slice(2)) || 0;
    if (language !== null && weight > (best?.weight ?? 0)) best = { language, weight };
  }
  return best?.language ?? null;
}
