/** How long a text message may be: ten parts of letters; more Twilio does not take. */
export const MOST_SMS_CHARACTERS = 1600

/** The alphabet of GSM 03.38, where a character takes 7 bits … */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
/** … and those that take 14, an escape and another one. */
const EXTENDED = '^{}\\[~]|€\f'

/** How a text is billed. */
export interface SmsSize {
  readonly encoding: 'GSM-7' | 'UCS-2'
  /** Septets, or 16-bit units. */
  readonly units: number
  readonly segments: number
}

/**
 * In how many parts a text message is sent: 160 septets in one and 153 in each
 * of several, or 70 and 67 units as soon as one character is not of the GSM
 * alphabet. A character is never split over two parts (3GPP TS 23.040 §9.2.3.24.1).
 */
export function smsSize(text: string): SmsSize {
  const characters = Array.from(text)
  const isGsm = characters.every((one) => BASIC.includes(one) || EXTENDED.includes(one))
  const widths = characters.map((one) => (isGsm ? (BASIC.includes(one) ? 1 : 2) : one.length))
  const units = widths.reduce((sum, width) => sum + width, 0)
  const [alone, joined] = isGsm ? [160, 153] : [70, 67]
  return {
    encoding: isGsm ? 'GSM-7' : 'UCS-2',
    units,
    segments: units <= alone ? 1 : partsOf(widths, joined),
  }
}

function partsOf(widths: readonly number[], room: number): number {
  let parts = 1
  let used = 0
  for (const width of widths) {
    if (used + width > room) {
      parts += 1
      used = 0
    }
    used += width
  }
  return parts
}
