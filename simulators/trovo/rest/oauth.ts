/** Trovo's token endpoints: JSON in, an `expires_in` in quotes out (docs/platforms/trovo.md#exchange to docs/platforms/trovo.md#revoke). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import type { AccessToken } from '../tokens.ts';
import { bodyOf, type Request, tokenOf } from './caller.ts';

const grantSchema = z.object({
  client_secret: z.unknown().optional(),
  grant_type: z.unknown().optional(),
  code: z.unknown().optional(),
  redirect_uri: z.unknown().optional(),
  refresh_token: z.unknown().optional(),
});

export class OAuth {
  /** Documented as a string in quotes; a number is what a reader must bear too. */
  expiresInAs: 'string' | 'number' = 'string';

  exchange(request: Request): unknown {
    const given = this.#grant(request, 'authorization_code');
    const { state, application } = request;
    return this.#described(request, state.tokens.redeemCode(given.code, application.id, given.redirect_uri));
  }

  refresh(request: Request): unknown {
    const given = this.#grant(request, 'refresh_token');
    return this.#described(request, request.state.tokens.refresh(given.refresh_token, request.application.id));
  }

  #grant({ call, application }: Request, type: string): z.infer<typeof grantSchema> {
    const given = bodyOf(call, grantSchema);
    if (given.client_secret !== application.secret) throw new Refusal(11717);
    if (given.grant_type !== type) throw new Refusal(11715);
    return given;
  }

  #described({ state }: Request, { access, refresh, expiresAtMs }: AccessToken): unknown {
    const seconds = Math.floor((expiresAtMs - state.clock.now().getTime()) / 1000);
    return {
      access_token: access,
      refresh_token: refresh,
      expires_in: this.expiresInAs === 'number' ? seconds : String(seconds),
      token_type: 'OAuth',
    };
  }
}

export function validate(request: Request): unknown {
  const { personId, clientId, scopes, expiresAtMs } = tokenOf(request);
  return {
    uid: personId,
    client_id: clientId,
    nick_name: request.state.people.byId(personId)?.displayName ?? '',
    scopes,
    expire_ts: String(Math.floor(expiresAtMs / 1000)),
  };
}

export function revoke({ state, call, application }: Request): unknown {
  state.tokens.revoke(bodyOf(call, z.object({ access_token: z.unknown().optional() })).access_token, application.id);
  return {};
}
