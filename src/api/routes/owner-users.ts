/** `/owner/users/:id`: what an owner does about somebody's logins. */
import { z } from 'zod';
import { endSessionsOf } from '../../accounts/session-ends.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { UserId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { okAnswer } from '../fields.ts';

export function registerOwnerUserRoutes(app: Api, { callers, db }: ApiContext): void {
  app.post(
    '/owner/users/:id/sign-out',
    {
      schema: {
        tags: ['owner'],
        summary: 'Sign out a user in every browser',
        params: z.object({ id: z.string().max(128).describe('Id of the user.') }),
        response: { 200: okAnswer },
      },
    },
    async (request) => {
      const { userId: actor } = await callers.owner(request);
      const userId = request.params.id as UserId;
      await inTransaction(db, async (tx) => {
        await recordAudit(tx, { userId: actor, channelId: null }, 'owner.users.sign_out', { userId });
        const sessionsFrom = await endSessionsOf(tx, userId);
        if (sessionsFrom === null) throw new BadInput('NOT_FOUND', 'No user has this id');
      });
      callers.forget(userId);
      return { ok: true as const };
    },
  );
}
