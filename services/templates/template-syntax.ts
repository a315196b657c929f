/** Liquid's own parts of a text; what stands in a `raw` block is left alone too. */
const LIQUID = /(\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\})/
const NAMED = /\{([A-Za-z_]\w*(?:\.\w+)*)\}/g

/** A text in which `{name}` means what `{{ name }}` means to Liquid; other braces are only braces. */
export function toLiquid(source: string): string {
  return source
    .split(LIQUID)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(NAMED, (_all, name: string) => `{{ ${name} }}`),
    )
    .join('')
}
