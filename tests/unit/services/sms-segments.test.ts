import { describe, expect, it } from 'vitest'
import { smsSize } from '../../../services/channels/sms-segments.ts'

describe('smsSize()', () => {
  it.each([
    ['', 'GSM-7', 0, 1],
    ['a'.repeat(160), 'GSM-7', 160, 1],
    ['a'.repeat(161), 'GSM-7', 161, 2],
    ['a'.repeat(306), 'GSM-7', 306, 2],
    ['a'.repeat(307), 'GSM-7', 307, 3],
    ['ä£é\n@'.repeat(32), 'GSM-7', 160, 1],
    ['€'.repeat(80), 'GSM-7', 160, 1],
    ['€'.repeat(81), 'GSM-7', 162, 2],
    // An escape is not parted from its character: 152 septets in each part but the last.
    ['€'.repeat(153), 'GSM-7', 306, 3],
    ['ж'.repeat(70), 'UCS-2', 70, 1],
    ['ж'.repeat(71), 'UCS-2', 71, 2],
    ['ж'.repeat(134), 'UCS-2', 134, 2],
    ['ж'.repeat(135), 'UCS-2', 135, 3],
    ['🔔'.repeat(35), 'UCS-2', 70, 1],
    ['🔔'.repeat(36), 'UCS-2', 72, 2],
    // Nor is a surrogate pair: 33 of them in each part.
    ['🔔'.repeat(67), 'UCS-2', 134, 3],
    [`${'a'.repeat(69)}ç`, 'UCS-2', 70, 1],
    [`${'a'.repeat(70)}ç`, 'UCS-2', 71, 2],
  ] as const)('%j is %s, %d units, %d parts', (text, encoding, units, segments) => {
    expect(smsSize(text)).toEqual({ encoding, units, segments })
  })
})
