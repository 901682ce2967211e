/** Kick in the API: enabling a bot, the webhook, and event subscriptions nobody needs any more. */
import type { ApiDeps, ApiSide } from '../api-side.ts';
import { WebhookStanding } from '../webhook-standing.ts';
import { createKickApi } from './api/client.ts';
import { resolveChannel } from './enabling.ts';
import { readLeftBehind } from './events/standing.ts';
import { Subscriptions } from './events/subscriptions.ts';
import { kickSettings } from './settings.ts';
import { deliveryAddress, problemOf, webhookAddress } from './webhook/address.ts';
import { ChannelMap } from './webhook/channel-map.ts';
import { createKeyRing } from './webhook/public-key.ts';
import { registerWebhook } from './webhook/webhook.ts';

export function openApiSide(deps: ApiDeps): ApiSide {
  const settings = kickSettings(deps.settings);
  const api = createKickApi(deps, settings);
  const subscriptions = new Subscriptions({ ...deps, api });
  const channels = new ChannelMap(deps.db, deps.clock);
  const keys = createKeyRing({
    ...deps,
    api,
    given: settings.KICK_WEBHOOK_PUBLIC_KEY_PEM,
    lifeMs: settings.KICK_WEBHOOK_PUBLIC_KEY_TTL_MS,
  });
  const address = webhookAddress(settings, deps.publicBaseUrl);
  const problem = problemOf(address);
  const standing = new WebhookStanding(deps.clock);

  return {
    async resolveChannel(request) {
      const resolved = await resolveChannel({ ...deps, settings, subscriptions }, request);
      return problem === null ? resolved : { ...resolved, warnings: [...resolved.warnings, problem] };
    },
    webhooks(app) {
      // Whoever uses Kick reads here what belongs into the application's settings.
      if (settings.KICK_CLIENT_ID !== null) deps.log.info('kick.webhook.address', { address, problem });
      registerWebhook(app, {
        ...deps,
        keys,
        channels,
        standing,
        replayWindowMs: settings.KICK_WEBHOOK_REPLAY_WINDOW_MS,
      });
    },
    channelsChanged: () => channels.forget(),
    told() {
      const told = deliveryAddress(deps.settings, deps.publicBaseUrl);
      return told === null ? [] : standing.told(told);
    },
    async reconcileSubscriptions() {
      for (const subject of await readLeftBehind(deps.db)) {
        await subscriptions.remove(subject).catch((error: unknown) => {
          deps.log.warn('kick_chatbot.events_subscription_delete_failed', { channelId: subject.channelId, error });
        });
      }
    },
  };
}
