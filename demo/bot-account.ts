/** Links the account that all channels' bots speak with. Until an owner can do it in the API, it is written here. */
import type { UserId } from '../src/lib/brand.ts';
import type { Stack } from './stack.ts';

// What linking a bot asks Twitch for (design §9.14).
const SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'];

interface IssuedToken {
  readonly access: string;
  readonly refresh: string;
  readonly personId: string;
  readonly expiresAtMs: number;
}

export async function linkBot({ twitch, pool, seal }: Stack, login: string, ownerId: UserId): Promise<void> {
  const token = (await twitch.control('issueToken', { person: login, scopes: SCOPES })) as IssuedToken;
  await pool.db.transaction().execute(async (tx) => {
    const { id } = await tx
      .insertInto('ExternalAccount')
      .values({
        userId: ownerId,
        provider: 'twitch',
        providerAccountId: token.personId,
        login,
        displayName: login,
        accessToken: seal.seal(token.access),
        refreshToken: seal.seal(token.refresh),
        tokenExpiresAt: new Date(token.expiresAtMs),
        scopes: SCOPES.join(' '),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await tx.insertInto('GlobalTwitchBotCredential').values({ externalAccountId: id, enabled: true }).execute();
  });
}
