/**
 * A fake's method that is called on whichever of its kind is in place, as the
 * calls that it takes are: a test need not carry the fake around.
 */
export function inPlace<Fake extends object, Name extends keyof Fake>(
  find: () => Fake,
  name: Name,
): Fake[Name] {
  const call = (...given: readonly unknown[]) => {
    const fake = find()
    return Reflect.apply(fake[name] as (...given: readonly unknown[]) => unknown, fake, given)
  }
  return call as Fake[Name]
}
