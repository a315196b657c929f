import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Link } from '../../../services/links/link.ts'
import { LINK_LIFETIME_MS } from '../../../services/links/link.ts'
import { LinkSigner } from '../../../services/links/link-signer.ts'

const NOW = Date.UTC(2026, 0, 5, 12)
const signerOf = (secret: string) =>
  new LinkSigner({ secret: async () => secret, publicUrl: () => 'https://b.example' })
const signer = signerOf('secret')

describe('LinkSigner', () => {
  it('read() gives back whatever was signed, until its time is over', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 })
    const link = fc.oneof(
      fc.record({ kind: fc.constant('ack' as const), alertId: text, userId: text }),
      fc.record({
        kind: fc.constant('unsubscribe' as const),
        ...{ userId: text, channel: text, type: text, category: fc.option(text) },
      }),
      fc.record({
        kind: fc.constant('click' as const),
        ...{ userId: text, notificationId: text, url: text },
      }),
    )
    await fc.assert(
      fc.asyncProperty(link, async (signed: Link) => {
        const token = await signer.token(signed, NOW)
        const end = NOW + LINK_LIFETIME_MS[signed.kind]
        expect(await signer.read(signed.kind, token, NOW)).toEqual({
          ...{ status: 'good', link: signed, expiresAt: end },
        })
        expect((await signer.read(signed.kind, token, end)).status).toBe('expired')
      }),
    )
  })

  it('read() refuses every token with one character changed, and those of another secret', async () => {
    const token = await signer.token({ kind: 'ack', alertId: 'a-1', userId: 'ada' }, NOW)
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === 'x' ? 'y' : 'x'
      const changed = token.slice(0, index) + other + token.slice(index + 1)
      expect((await signer.read('ack', changed, NOW)).status).toBe('invalid')
    }
    expect((await signerOf('other').read('ack', token, NOW)).status).toBe('invalid')
  })

  it('a secret that could not be read is asked for again', async () => {
    let isAway = true
    const waiting = new LinkSigner({
      publicUrl: () => 'https://b.example',
      async secret() {
        if (isAway) throw new Error('away')
        return 'secret'
      },
    })
    const link = { kind: 'open', userId: 'ada', notificationId: 'n-1' } as const
    await expect(waiting.url(link, NOW)).rejects.toThrow('away')
    isAway = false
    expect(await waiting.url(link, NOW)).toMatch(/^https:\/\/b\.example\/o\/[\w-]+\.[\w-]{22}$/)
  })
})
