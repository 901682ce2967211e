-- A copy of the API of before 0020 makes whoever signs in under a name in its configuration an owner, by the role alone.
-- Beside such a copy too, a revoked owner stays what they are until an operator says otherwise: `grant-admin` takes
-- "adminRevokedAt" back in the same update.
CREATE FUNCTION memalerts_keep_admin_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.role := OLD.role;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_admin_revoked BEFORE UPDATE OF role ON "User" FOR EACH ROW
  WHEN (NEW.role = 'admin' AND OLD.role IS DISTINCT FROM 'admin' AND NEW."adminRevokedAt" IS NOT NULL)
  EXECUTE FUNCTION memalerts_keep_admin_revoked();
