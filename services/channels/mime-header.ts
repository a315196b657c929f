import { encodeWord, encodeWords, foldLines, quoteString } from 'nodemailer/lib/mime-funcs'
import type { Mailbox } from '../directory/email-address.ts'

const MOST_IN_A_LINE = 76
/** How long an encoded word may be, so that a name in front of it fits in its line. */
const MOST_IN_A_WORD = 52

/** One line of a header, folded; `text` is what may stand there as it is (RFC 5322 §2.2.3). */
export function headerLine(name: string, text: string): string {
  return foldLines(`${name}: ${text}`, MOST_IN_A_LINE)
}

/** Any text as it stands in a header: other letters and control characters as encoded words (RFC 2047). */
export function headerText(text: string): string {
  const line = text.replace(/\r\n?|\n/g, ' ')
  return /(?!\t)\p{Cc}/u.test(line)
    ? encodeWord(line, wordEncoding(line), MOST_IN_A_WORD)
    : encodeWords(line, wordEncoding(line), MOST_IN_A_WORD, true)
}

/** Mailboxes as they stand in a header; their addresses are validated, their names any text. */
export function mailboxes(list: readonly Mailbox[]): string {
  return list
    .map(({ name, address }) => (name === '' ? address : `${phrase(name)} <${address}>`))
    .join(', ')
}

/** Whether most letters are not Latin: then Base64 is the shorter encoding. */
export function isForeign(text: string): boolean {
  return Buffer.byteLength(text) > 1.5 * text.length
}

function phrase(name: string): string {
  if (/^[\w ]*$/.test(name)) return name
  if (/^[\x20-\x7e]*$/.test(name)) return quoteString(name)
  return encodeWord(name, wordEncoding(name), MOST_IN_A_WORD)
}

function wordEncoding(text: string): 'B' | 'Q' {
  return isForeign(text) ? 'B' : 'Q'
}
