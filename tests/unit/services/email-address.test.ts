import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEmailAddress, parseMailbox } from '../../../services/directory/email-address.ts'

describe('parseEmailAddress()', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace+belfry@mail.example.co.uk', 'Ada.Lovelace+belfry@mail.example.co.uk'],
    ["o'hara_{x}|y~z@example.com", "o'hara_{x}|y~z@example.com"],
    ['root@localhost', 'root@localhost'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@例え.jp', 'ada@xn--r8jz45g.jp'],
  ])('%s is one address', (text, address) => {
    expect(parseEmailAddress(text)).toBe(address)
  })

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'ada@evil@example.com',
    'ada@example.com\r\nBcc: evil@example.net',
    'ada@example.com\n',
    ' ada@example.com',
    'ada@example.com, evil@example.net',
    'ada@example.com;evil@example.net',
    'ada,evil@example.net',
    'Ada <ada@example.com>',
    '<ada@example.com>',
    '"ada@example.com>, <evil"@example.net',
    'ada@example.com>',
    'ada(comment)@example.com',
    'group:ada@example.com;',
    '.ada@example.com',
    'ada..b@example.com',
    'ada.@example.com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@.example.com',
    'ada@example..com',
    'ada@example.com.',
    'ada@exam_ple.com',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'ada@exam\u0000ple.com',
    'ada@example，com@x',
    'ada@evil.net，example.com',
    'ada\u00a0@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a.'.repeat(130)}com`,
    `ada@${'a'.repeat(64)}.com`,
  ])('%j is not one address', (text) => {
    expect(parseEmailAddress(text)).toBeNull()
  })

  it('takes what it gave as it is', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        const address = parseEmailAddress(text)
        if (address !== null) expect(parseEmailAddress(address)).toBe(address)
      }),
    )
  })

  it('never gives anything that could be read as two, or as more than an address', () => {
    const tricky = fc.constantFrom(...'\r\n\t ,;:<>"()[]@\\\0\u2028，＠'.split(''), 'a', '.', 'com')
    const words = fc.array(fc.oneof(tricky, fc.string({ maxLength: 3 })), { maxLength: 12 })
    fc.assert(
      fc.property(words, fc.emailAddress(), (parts, address) => {
        for (const text of [parts.join(''), address + parts.join(''), parts.join('') + address]) {
          const parsed = parseEmailAddress(text)
          if (parsed !== null) expect(parsed).toMatch(/^[^\s\p{Cc},;:<>"()[\]\\@]+@[a-z0-9.-]+$/iu)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('parseMailbox()', () => {
  it.each([
    ['alerts@example.org', { name: '', address: 'alerts@example.org' }],
    ['Belfry <alerts@example.org>', { name: 'Belfry', address: 'alerts@example.org' }],
    ['"Belfry, Ops" <alerts@example.org>', { name: 'Belfry, Ops', address: 'alerts@example.org' }],
  ])('%s is a sender', (text, mailbox) => {
    expect(parseMailbox(text)).toEqual(mailbox)
  })

  it.each(['', 'Belfry', 'Belfry <>', 'A\r\nBcc: x@y.z <a@b.c>', 'a@b.c <d@e.f> <g@h.i>'])(
    '%j is none',
    (text) => expect(parseMailbox(text)).toBeNull(),
  )
})
