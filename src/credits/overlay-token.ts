/** The token in an overlay's address: stable text for OBS, taken back by raising the channel's version (docs/contract/http-api.md#streamer-credits-endpoints). */
import { hkdfSync } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { ChannelId } from '../lib/brand.ts';

export interface OverlayClaims {
  readonly channelId: ChannelId;
  readonly channelSlug: string;
  /** `Channel.creditsTokenVersion` at issue; older versions are refused. */
  readonly version: number;
}

const claimsSchema = z.object({
  kind: z.enum(['credits', 'overlay']),
  channelId: z.string().min(1),
  channelSlug: z.string().min(1),
  tv: z.number().int().default(1),
});

/** Carries no times, so that the same version always gives the same text. */
export function issueOverlayToken(claims: OverlayClaims, secret: string): Promise<string> {
  const { channelId, channelSlug, version } = claims;
  return new SignJWT({ kind: 'credits', v: 1, channelId, channelSlug, tv: version })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(overlayKey(secret));
}

/**
 * Tokens from before the key was derived are signed with the secret itself: they count until their channel's version is
 * raised.
 *
 * @returns null for anything that is no overlay token of ours; whether its version still counts is the caller's to ask
 */
export async function readOverlayToken(token: string, secret: string): Promise<OverlayClaims | null> {
  return (await verified(token, overlayKey(secret))) ?? verified(token, new TextEncoder().encode(secret));
}

async function verified(token: string, key: Uint8Array): Promise<OverlayClaims | null> {
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
    const { channelId, channelSlug, tv } = claimsSchema.parse(payload);
    return { channelId: channelId as ChannelId, channelSlug, version: tv };
  } catch {
    return null;
  }
}

/** A key of its own: what stands in the address of a page can then never pass for a login, whatever it claims. */
function overlayKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'memalerts overlay token', 32));
}
