/** A channel for somebody who signs in where everybody may have one (`SELF_SIGNUP`). */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';
import type { PlatformIdentity } from '../platforms/account-side.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

type ChannelPlatform = Pick<PlatformDescription, 'id' | 'channelIdColumn' | 'authorAccountColumn'>;

const LONGEST_SLUG = 50;

/** Named after the person. Nothing happens to who has a channel, or whose channel on the platform is somebody's. */
export async function giveChannel(
  tx: Transaction<Database>,
  userId: UserId,
  platform: ChannelPlatform,
  identity: PlatformIdentity,
): Promise<void> {
  const { rows } = await sql`
    select from "User" where id = ${userId} and "channelId" is null for no key update
  `.execute(tx);
  if (rows.length === 0) return;
  const name = identity.displayName ?? identity.login ?? identity.platformUserId;
  for (const slug of slugsFor(platform, identity)) {
    const channelId = randomUUID() as ChannelId;
    const link = platform.channelIdColumn;
    const created = await sql`
      insert into "Channel" (id, slug, name${link === undefined ? sql`` : sql`, ${sql.ref(link)}`})
      select ${channelId}, ${slug}, ${name}${link === undefined ? sql`` : sql`, ${identity.platformUserId}`}
      where not exists (select from "Channel" where lower(slug) = ${slug})
      on conflict do nothing
    `.execute(tx);
    if (created.numAffectedRows === 0n) continue;
    await sql`
      update "User" set "channelId" = ${channelId}, role = case role when 'admin' then 'admin' else 'streamer' end
      where id = ${userId}
    `.execute(tx);
    return;
  }
}

/**
 * The login, where it is a name people know; what is taken gets an ending, also in the mixed case of an older writer:
 * credits are told to a slug in lower case.
 */
function slugsFor(platform: ChannelPlatform, { login, displayName, platformUserId }: PlatformIdentity): string[] {
  const known = platform.authorAccountColumn === 'login' ? displayName : (login ?? displayName);
  const ending = randomBytes(3).toString('hex');
  const base = slugOf(known ?? '') || slugOf(platformUserId) || ending;
  return [base, `${base}-${platform.id}`, `${base}-${ending}`];
}

/** Part of addresses: what is neither letter nor digit is a dash. */
function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, LONGEST_SLUG);
}
