import { render } from 'preact'
import { App } from './app.tsx'
import { startKeyboard } from './core/keyboard.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/pages.css'

startKeyboard()
const root = document.querySelector('#app')
if (root !== null) render(<App />, root)
