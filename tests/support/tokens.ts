import { SignJWT } from 'jose'

/** A secret that a test service verifies tokens with, `BELFRY_JWT_SECRET`. */
export const TEST_JWT_SECRET = 'only-for-tests-0123456789-0123456789'

/** A token as an identity provider would sign it; it holds for an hour. */
export function signToken(
  subject: string,
  claims: Readonly<Record<string, unknown>> = {},
  secret = TEST_JWT_SECRET,
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
}
