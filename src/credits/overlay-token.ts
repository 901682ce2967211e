/** The token in an overlay's address: stable text for OBS, taken back by raising the channel's version (http-api §10.5). */
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
    .sign(new TextEncoder().encode(secret));
}

/** @returns null for anything that is no overlay token of ours; whether its version still counts is the caller's to ask */
export async function readOverlayToken(token: string, secret: string): Promise<OverlayClaims | null> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), { algorithms: ['HS256'] });
    const { channelId, channelSlug, tv } = claimsSchema.parse(payload);
    return { channelId: channelId as ChannelId, channelSlug, version: tv };
  } catch {
    return null;
  }
}
