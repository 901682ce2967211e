/** Twitch in the API: enabling a bot, webhooks, greetings, the older switches, and event subscriptions. */
import type { PlatformChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { ApiDeps, ApiSide } from '../api-side.ts';
import type { DeliveryAddress, PlatformSettings } from '../platform.ts';
import { WebhookStanding } from '../webhook-standing.ts';
import { requireLinkedChannel, requireLogin } from './channel.ts';
import { EventSub } from './eventsub/eventsub.ts';
import type { Webhook } from './eventsub/remote.ts';
import { registerWebhook, WEBHOOK_PATH } from './eventsub/webhook.ts';
import { createHelix } from './helix/client.ts';
import { registerFollowGreetings } from './routes/follow-greetings.ts';
import { registerLegacyToggles } from './routes/legacy-toggles.ts';
import { type TwitchSettings, twitchSettings } from './settings.ts';

export function openApiSide(deps: ApiDeps): ApiSide {
  const settings = twitchSettings(deps.settings);
  const helix = createHelix(deps, settings);
  const standing = new WebhookStanding(deps.clock);
  const webhook = webhookOf(settings, deps.publicBaseUrl);
  const eventSub = new EventSub({
    db: deps.db,
    log: deps.log,
    helix,
    webhook,
  });

  return {
    createsRowOnDisable: true,
    async resolveChannel({ channelId, hasSender }) {
      const { twitchChannelId } = await requireLinkedChannel(deps.db, channelId);
      if (!(await hasSender())) throw new BadInput('TWITCH_BOT_NOT_CONFIGURED');
      const login = await requireLogin(helix, twitchChannelId);
      return { target: login as PlatformChannelId, extra: {}, warnings: [] };
    },
    async enabled(channelId) {
      // Without them the worker's poll still notices streams, a minute later: nothing to warn the streamer of.
      await eventSub.ensure(channelId);
      return [];
    },
    webhooks: (app) => registerWebhook(app, { ...deps, helix, standing }, settings.TWITCH_EVENTSUB_SECRET),
    routes(app) {
      registerFollowGreetings(app, deps, eventSub);
      registerLegacyToggles(app, deps, helix, eventSub);
    },
    reconcileSubscriptions: () => eventSub.reconcile(),
    async look(channelId) {
      // Without an address nothing is delivered to anybody, which is told of once and not for each channel.
      if (webhook !== null) await eventSub.ensure(channelId);
    },
    told: () => {
      const address = deliveryAddress(deps.settings, deps.publicBaseUrl);
      return address === null ? [] : standing.told(address);
    },
  };
}

/**
 * Null without a public host or a secret: nothing can be subscribed to then. The chat needs no webhook, so that is a
 * choice and no fault; what each channel lacks by it is `not_configured` of its events.
 */
export function deliveryAddress(settings: PlatformSettings, publicBaseUrl: string | null): DeliveryAddress | null {
  const webhook = webhookOf(twitchSettings(settings), publicBaseUrl);
  return webhook && { isRight: new URL(webhook.callback).pathname === WEBHOOK_PATH, url: webhook.callback };
}

function webhookOf(settings: TwitchSettings, publicBaseUrl: string | null): Webhook | null {
  const fromHost = publicBaseUrl === null ? null : `${publicBaseUrl}${WEBHOOK_PATH}`;
  const callback = settings.TWITCH_WEBHOOK_CALLBACK_URL ?? fromHost;
  const secret = settings.TWITCH_EVENTSUB_SECRET;
  return callback === null || secret === null ? null : { callback, secret };
}
