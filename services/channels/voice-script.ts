import { escapeHtml } from './html.ts'
import { shorten } from './http/post-message.ts'

/** What is said before the first word of a message is lost to the ringing. */
const GREETING = 'Hello. This is Belfry.'
const KEYS = 'Press 4 to acknowledge, 6 to resolve, 5 to escalate, or star to hear this again.'
const REPEAT = 'Press star to hear this again.'
const KEY_SECONDS = 10
/** About two minutes of talking. */
const MOST_SPOKEN = 1500
/** Characters of TwiML that a call may be made with (Twilio, "Calls resource"). */
const MOST_TWIML = 4000

interface Script {
  readonly message: string
  /** Whether there is something to acknowledge. */
  readonly isAlert: boolean
  /** Where pressed keys are told; `null`: keys do nothing, the message is read twice. */
  readonly keysUrl: string | null
}

/** What is said in a call, as TwiML: as much of the message as Twilio takes. */
export function callScript(script: Script): string {
  for (let most = MOST_SPOKEN; ; ) {
    const text = written({ ...script, message: shorten(script.message, most) })
    if (text.length <= MOST_TWIML || most < 2) return text
    // What stands for one character may be five.
    most = Math.floor((most * MOST_TWIML) / text.length)
  }
}

function written({ message, isAlert, keysUrl }: Script): string {
  const words = `${GREETING} ${message}`
  if (keysUrl === null) return twiml(say(words), '<Pause length="1"/>', say(message))
  const keys = isAlert ? KEYS : REPEAT
  const url = escapeHtml(keysUrl)
  return twiml(
    `<Gather numDigits="1" timeout="${KEY_SECONDS}" action="${url}" method="POST">`,
    say(words),
    say(keys),
    '</Gather>',
    say('Goodbye.'),
  )
}

/** A last word in a call. */
export function closingScript(words: string): string {
  return twiml(say(words), say('Goodbye.'), '<Hangup/>')
}

/** An answer to a text message; `null`: none. */
export function replyScript(words: string | null): string {
  return words === null
    ? twiml()
    : twiml(`<Message>${escapeHtml(words.replace(/\p{Cc}+/gu, ' '))}</Message>`)
}

function say(words: string): string {
  // XML knows no control characters (XML 1.0 §2.2).
  return `<Say>${escapeHtml(words.replace(/\p{Cc}+/gu, ' '))}</Say>`
}

function twiml(...verbs: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs.join('')}</Response>`
}
