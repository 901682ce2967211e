-- The name of a login token is unique for its person only: other services that share the secret choose theirs. A logout
-- must neither end nor hide the login of somebody else whose token has the same name. Found by `jti`, as before.
ALTER TABLE "EndedSession" DROP CONSTRAINT "EndedSession_pkey", ADD PRIMARY KEY (jti, "userId");
