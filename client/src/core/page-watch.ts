interface Parts {
  /** The machine woke up, has a network again, or the page is looked at again. */
  onBack(): void
  /** The page goes, or is kept aside for the back button. */
  onHidden(): void
  /** The page was kept aside and is shown again. */
  onShown(): void
}

/** Tells of what happens to the page; does nothing where there is none. Answers with how to stop. */
export function watchPage({ onBack, onHidden, onShown }: Parts): () => void {
  if (typeof window === 'undefined') return () => {}
  const ending = new AbortController()
  const { signal } = ending
  const onVisible = () => {
    if (document.visibilityState === 'visible') onBack()
  }
  const onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) onShown()
  }
  window.addEventListener('online', onBack, { signal })
  document.addEventListener('visibilitychange', onVisible, { signal })
  window.addEventListener('pagehide', onHidden, { signal })
  window.addEventListener('pageshow', onPageShow, { signal })
  return () => ending.abort()
}
