/** The names in braces of a text, read by the compiler; of a text that it does not know, any. */
export type NamesIn<Text extends string> = string extends Text
  ? string
  : Text extends `${string}{${infer Name}}${infer Rest}`
    ? Name | NamesIn<Rest>
    : never

type Values<Text extends string> = Readonly<Record<NamesIn<Text>, string | number>>

/**
 * A text with values in place of its `{names}`: `fill('Order {order}', { order: 7 })`.
 * A name that is missing, or misspelt, does not compile; values are never read as names.
 */
export function fill<const Text extends string>(text: Text, values: Values<Text>): string {
  const known = new Map(Object.entries(values as Readonly<Record<string, string | number>>))
  return text.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => String(known.get(name) ?? whole))
}
