import { constants, deflateRawSync } from 'node:zlib'

/** Payloads above this many bytes are worth compressing. */
const COMPRESS_ABOVE = 1024
const TEXT = 0x81
const COMPRESSED_TEXT = 0xc1

/** Bytes made once and written to every connection that should get them. */
export interface Frame {
  /** `compressed`: the connection negotiated permessage-deflate without server context. */
  bytes(compressed: boolean): Buffer
}

/** One unmasked WebSocket text message (RFC 6455 §5.2), plain or compressed (RFC 7692 §7.2.1). */
export class TextFrame implements Frame {
  readonly #payload: string
  #plain: Buffer | null = null
  #deflated: Buffer | null = null

  constructor(payload: string) {
    this.#payload = payload
  }

  bytes(compressed: boolean): Buffer {
    this.#plain ??= frameText(this.#payload)
    if (!compressed || this.#plain.length <= COMPRESS_ABOVE) return this.#plain
    this.#deflated ??= frameBytes(COMPRESSED_TEXT, deflate(this.#payload))
    return this.#deflated
  }
}

function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = allocate(TEXT, length)
  frame.write(text, frame.length - length)
  return frame
}

function frameBytes(first: number, payload: Buffer): Buffer {
  const frame = allocate(first, payload.length)
  payload.copy(frame, frame.length - payload.length)
  return frame
}

/** A frame with its header filled in. */
function allocate(first: number, length: number): Buffer {
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = first
  if (header === 2) {
    frame[1] = length
  } else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  return frame
}

/** The last four bytes of a flush are left out: the receiver adds them (RFC 7692 §7.2.1). */
function deflate(text: string): Buffer {
  const flushed = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, level: 3 })
  return flushed.subarray(0, -4)
}
