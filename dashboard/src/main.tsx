import { render } from 'preact'
import { App } from './app.tsx'
import { startKeyboard } from './core/keyboard.ts'

startKeyboard()
const root = document.querySelector('#app')
if (root !== null) render(<App />, root)
