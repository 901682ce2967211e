/** A streamer's token, and one more try with another where Google refuses it. */
import type { ChannelId } from '../../../lib/brand.ts';
import type { AccountCredential, CredentialSource, NoOwner } from '../../account-side.ts';
import { isMissing } from '../../no-credential.ts';
import { refusalOf } from '../api/refusal.ts';

export class OwnerToken {
  readonly #credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  readonly #channelId: ChannelId;

  constructor(credentials: Pick<CredentialSource, 'owner' | 'renewed'>, channelId: ChannelId) {
    this.#credentials = credentials;
    this.#channelId = channelId;
  }

  /** Must not throw: a database that does not answer is `unavailable`. */
  async current(): Promise<AccountCredential | NoOwner> {
    return this.#credentials.owner(this.#channelId).catch(unavailable);
  }

  /** A credential with another token, after Google refused this one. Must not throw. */
  async insteadOf(refused: AccountCredential): Promise<AccountCredential | NoOwner> {
    return this.#credentials.renewed(refused, refused.accessToken).catch(unavailable);
  }

  /**
   * Calls with the token, and once more with another one where it is refused.
   *
   * @returns why nobody could call, where there is no token
   * @throws what the call throws
   */
  async ask<T extends object>(call: (accessToken: string) => Promise<T>): Promise<T | NoOwner> {
    const credential = await this.current();
    if (isMissing(credential)) return credential;
    try {
      return await call(credential.accessToken);
    } catch (error) {
      if (refusalOf(error) !== 'unauthorized') throw error;
    }
    const renewed = await this.insteadOf(credential);
    return isMissing(renewed) ? renewed : call(renewed.accessToken);
  }
}

/** Every other statement reports the outage. */
function unavailable(): NoOwner {
  return 'unavailable';
}
