/** Where the Kick application has to deliver its events: shown to whoever sets it up, used by nothing (docs/design.md#the-kick-webhook-only-stores). */
import type { DeliveryAddress, PlatformSettings } from '../../platform.ts';
import { type KickSettings, kickSettings } from '../settings.ts';
import { WEBHOOK_PATH } from './webhook.ts';

/** Null while nothing names a public host. */
export function webhookAddress(
  { KICK_WEBHOOK_CALLBACK_URL: given }: Pick<KickSettings, 'KICK_WEBHOOK_CALLBACK_URL'>,
  publicBaseUrl: string | null,
): string | null {
  return given ?? (publicBaseUrl === null ? null : `${publicBaseUrl}${WEBHOOK_PATH}`);
}

/** A sentence when the address cannot be the one this API answers at; null when it can. */
export function problemOf(address: string | null): string | null {
  if (address === null)
    return 'KICK_WEBHOOK_CALLBACK_URL and DOMAIN are not set, so no public address for events of Kick is known';
  const { pathname } = new URL(address);
  return pathname === WEBHOOK_PATH
    ? null
    : `The API receives events of Kick at ${WEBHOOK_PATH}, but the address ends in ${pathname}`;
}

/** Null where no application of Kick is named. */
export function deliveryAddress(settings: PlatformSettings, publicBaseUrl: string | null): DeliveryAddress | null {
  const own = kickSettings(settings);
  if (own.KICK_CLIENT_ID === null) return null;
  const url = webhookAddress(own, publicBaseUrl);
  return { isRight: problemOf(url) === null, url };
}
