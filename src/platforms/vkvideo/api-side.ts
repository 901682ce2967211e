/** VK Video Live in the API: which channel a bot is switched on for, and which there are to choose from. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import { BadInput, PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { ApiDeps, ApiSide, EnableRequest } from '../api-side.ts';
import { createDevApi, NO_ACCOUNT } from './api.ts';
import { readCandidates } from './candidates.ts';
import { type ChannelName, isSameSlug, typedChannelUrl } from './channel-url.ts';
import { apiBaseOf, vkvideoSettings } from './settings.ts';

/** The channels of the linked account. @throws BadInput where they cannot be told */
type Candidates = (channelId: ChannelId) => Promise<readonly ChannelName[]>;

export function openApiSide(deps: ApiDeps): ApiSide {
  const candidates = createCandidates(deps);
  return {
    async resolveChannel(request) {
      if (!(await request.hasSender())) throw new BadInput('VKVIDEO_BOT_NOT_CONFIGURED');
      const { slug, url } = await chooseChannel(request, () => candidates(request.channelId));
      return {
        target: slug as PlatformChannelId,
        // Named anew: whoever has the name now is meant.
        extra: { userId: request.userId, vkvideoChannelUrl: url, vkvideoStableId: null },
        warnings: [],
      };
    },
    routes: (app) => registerCandidates(app, deps, candidates),
  };
}

/** docs/contract/http-api.md#enabling-vk-video-live, in its order: what was typed first, what the account owns after. */
async function chooseChannel(
  { body, isAdmin }: EnableRequest,
  candidates: () => Promise<readonly ChannelName[]>,
): Promise<ChannelName> {
  const url = textOf(body, 'vkvideoChannelUrl');
  const wantedId = textOf(body, 'vkvideoChannelId');
  if (url === null) return wantedId === null ? onlyOne(await candidates()) : byId(await candidates(), wantedId);
  const typed = requireTyped(url);
  if (wantedId !== null && !isSameSlug(wantedId, typed.slug)) {
    throw new BadInput('BAD_REQUEST', 'vkvideoChannelId and vkvideoChannelUrl must name the same channel', {
      extras: { vkvideoChannelId: wantedId, vkvideoChannelUrl: url },
    });
  }
  if (isAdmin) return typed;
  const owned = (await candidates()).find(({ slug }) => isSameSlug(slug, typed.slug));
  if (owned === undefined) throw new BadInput('CHANNEL_NOT_OWNED');
  return owned;
}

function requireTyped(url: string): ChannelName {
  const typed = typedChannelUrl(url);
  if (typed !== null) return typed;
  throw new BadInput(
    'BAD_REQUEST',
    'vkvideoChannelUrl must be the name or the address of a channel, such as https://live.vkvideo.ru/name',
    { extras: { channelUrl: url } },
  );
}

function onlyOne(candidates: readonly ChannelName[]): ChannelName {
  const [first, ...others] = candidates;
  if (first === undefined) {
    throw new BadInput('BAD_REQUEST', 'The linked VK Video Live account has no channel');
  }
  if (others.length === 0) return first;
  throw new BadInput('BAD_REQUEST', 'The linked account has several channels. Name one of them in vkvideoChannelUrl.', {
    extras: { channels: candidates.map(({ url }) => url) },
  });
}

function byId(candidates: readonly ChannelName[], wantedId: string): ChannelName {
  const found = candidates.find(({ slug }) => isSameSlug(slug, wantedId));
  if (found !== undefined) return found;
  throw new BadInput('BAD_REQUEST', 'The linked account has no channel with the id in vkvideoChannelId');
}

/** @returns null when it is not given */
function textOf(body: EnableRequest['body'], field: string): string | null {
  const value = body[field] ?? '';
  if (typeof value !== 'string') {
    throw new BadInput('BAD_REQUEST', `${field} must be a string`, { details: { field, receivedType: typeof value } });
  }
  return value.trim() || null;
}

function createCandidates(deps: ApiDeps): Candidates {
  const { credentials, log } = deps;
  const api = createDevApi(deps.http, apiBaseOf(vkvideoSettings(deps.settings)));
  return async (channelId) => {
    try {
      return await readCandidates(api.asAccount(credentials, () => credentials.owner(channelId)));
    } catch (error) {
      if (error instanceof PlatformRefused && error.code === NO_ACCOUNT) throw coded('VKVIDEO_NOT_LINKED');
      if (!(error instanceof PlatformRefused) && !(error instanceof PlatformUnreachable)) throw error;
      log.warn('vkvideo.current_user.fetch_failed', { channelId, error });
      throw coded('VKVIDEO_CURRENT_USER_FAILED');
    }
  };
}

/** Older clients look for the code under its older key too (docs/contract/http-api.md#error-envelope). */
function coded(code: string): BadInput {
  return new BadInput(code, '', { extras: { code } });
}

const candidatesAnswer = z.object({
  items: z.array(
    z.object({
      url: z.string().describe('Address of the channel at VK Video Live.'),
      vkvideoChannelId: z.string().nullable().describe('Id of the channel, for `PATCH /streamer/bots/{provider}`.'),
    }),
  ),
});

function registerCandidates(app: FastifyInstance, { streamer }: ApiDeps, candidates: Candidates): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/streamer/bots/vkvideo/candidates',
    {
      schema: {
        tags: ['bots'],
        summary: 'List the VK Video Live channels of the linked account',
        response: { 200: candidatesAnswer },
      },
    },
    async (request) => {
      const { channelId } = await streamer(request);
      const found = await candidates(channelId);
      return { items: found.map(({ url, slug }) => ({ url, vkvideoChannelId: slug })) };
    },
  );
}
