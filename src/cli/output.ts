type Row = Readonly<Record<string, unknown>>

interface Parts {
  readonly json: boolean
  readonly write: (text: string) => void
  /** Takes what is said beside the answer. */
  readonly remark: (text: string) => void
  /** Characters in a line of the terminal; without it nothing is wrapped. */
  readonly width?: number | undefined
}

/** Writes answers: as JSON for programs, else as a table or as lines for people. */
export class Output {
  readonly #json: boolean
  readonly #write: (text: string) => void
  readonly #remark: (text: string) => void
  readonly #width: number

  constructor(parts: Parts) {
    this.#json = parts.json
    this.#write = parts.write
    this.#remark = parts.remark
    this.#width = parts.width || Number.POSITIVE_INFINITY
  }

  /** Whether programs read it, which want everything. */
  get isJson(): boolean {
    return this.#json
  }

  /** A list, the given columns of each row; `nothing` says so where it is empty. */
  table(rows: readonly Row[], columns: readonly string[], nothing = 'Nothing.'): void {
    if (this.#json) this.#write(`${JSON.stringify(rows, null, 2)}\n`)
    else this.#lines(rows, columns, { nothing })
  }

  /** A list of which the last column is told in full, over as many lines as it takes. */
  findings(rows: readonly Row[], columns: readonly string[]): void {
    if (this.#json) {
      this.table(rows, columns)
      return
    }
    const [last = ''] = columns.slice(-1)
    const heads = columns.slice(0, -1)
    const widths = heads.map((column) =>
      Math.max(column.length, ...rows.map((row) => textOf(row[column]).length)),
    )
    const indent = widths.reduce((sum, width) => sum + width + 2, 0)
    for (const row of [Object.fromEntries(columns.map((column) => [column, column])), ...rows]) {
      const start = heads.map((column, n) => textOf(row[column]).padEnd(widths[n] ?? 0)).join('  ')
      const lines = wrapped(String(row[last]), Math.max(20, this.#width - indent))
      this.#write(`${start}  ${lines.join(`\n${' '.repeat(indent)}`)}\n`)
    }
  }

  #lines(
    rows: readonly Row[],
    columns: readonly string[],
    { nothing, most = 60 }: { readonly nothing: string; readonly most?: number },
  ): void {
    if (rows.length === 0) {
      this.#write(`${nothing}\n`)
      return
    }
    const limitOf = (index: number) => (index === columns.length - 1 ? most : 60)
    const cells = rows.map((row) =>
      columns.map((column, index) => textOf(row[column], limitOf(index))),
    )
    const heads = columns.map((column) => column.replaceAll('_', ' '))
    const widths = heads.map((head, index) =>
      Math.max(head.length, ...cells.map((line) => line[index]?.length ?? 0)),
    )
    for (const line of [heads, ...cells]) {
      const padded = line.map((cell, index) => cell.padEnd(widths[index] ?? 0))
      this.#write(`${padded.join('  ').trimEnd()}\n`)
    }
  }

  /** One record, a line a field. */
  record(record: Row): void {
    if (this.#json) {
      this.#write(`${JSON.stringify(record, null, 2)}\n`)
      return
    }
    const width = Math.max(0, ...Object.keys(record).map((name) => name.length))
    const indent = `\n${' '.repeat(width + 2)}`
    for (const [name, value] of Object.entries(record)) {
      const lines = (wordsOf(value) || '-').slice(0, 10_000).split('\n').map(harmless)
      this.#write(`${harmless(name).replaceAll('_', ' ').padEnd(width)}  ${lines.join(indent)}\n`)
    }
  }

  /** A record with a list of its own below it; for programs the list is a field of it. */
  recordWith(
    record: Row,
    list: {
      readonly name: string
      readonly rows: readonly Row[]
      readonly columns: readonly string[]
      readonly nothing?: string
    },
  ): void {
    if (this.#json) {
      this.record({ ...record, [list.name]: list.rows })
      return
    }
    this.record(record)
    this.#write('\n')
    // Reasons come last, and are what it is looked at for.
    const nothing = list.nothing ?? 'Nothing.'
    this.#lines(list.rows, list.columns, { nothing, most: 1_000 })
  }

  /** A record and several lists of its own, each under its name; for programs they are its fields. */
  sections(
    record: Row,
    lists: readonly {
      readonly name: string
      readonly rows: readonly Row[]
      readonly columns: readonly string[]
    }[],
  ): void {
    if (this.#json) {
      this.record({ ...record, ...Object.fromEntries(lists.map(({ name, rows }) => [name, rows])) })
      return
    }
    this.record(record)
    for (const { name, rows, columns } of lists) {
      this.#write(`\n${name.toUpperCase()}\n`)
      this.#lines(rows, columns, { nothing: 'Nothing.', most: 1_000 })
    }
  }

  /** A remark for whoever reads along; programs get none. */
  note(sentence: string): void {
    if (!this.#json) this.#remark(`${sentence}\n`)
  }

  /** A line that is as it should be already. */
  line(text: string): void {
    this.#write(`${text}\n`)
  }

  /** A sentence for people; programs get the record. */
  done(sentence: string, record: Row): void {
    const lines = sentence.split('\n').map(harmless).join('\n')
    this.#write(`${this.#json ? JSON.stringify(record, null, 2) : lines}\n`)
  }
}

/** Text in one line of a terminal: nothing in it moves the cursor, colours it or turns it round. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
}

function textOf(value: unknown, limit = 60): string {
  const text = harmless(wordsOf(value)) || '-'
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

/** A value as one line: lists by commas, records as their fields, what is deeper as JSON. */
function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) {
    const isWords = value.every((each) => typeof each === 'string')
    return value.map(wordsOf).join(isWords ? ', ' : '; ')
  }
  const fields = Object.entries(value).map(([name, field]) => {
    const text = typeof field === 'string' ? field : JSON.stringify(field)
    return `${name.replaceAll('_', ' ')}: ${text}`
  })
  return fields.join(', ')
}

/** The lines of a text, none longer than `width` unless a word is. */
function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let open = ''
    for (const word of line.split(' ')) {
      if (open !== '' && open.length + 1 + word.length > width) {
        lines.push(open)
        open = '  '
      }
      open += open.trim() === '' ? word : ` ${word}`
    }
    return [...lines, open]
  })
}
