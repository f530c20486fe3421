// Sets the remembered theme before the first paint; a file of its own because the page allows no inline scripts.
try {
  const theme = localStorage.getItem('headwater.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.classList.add(theme)
} catch {
  // Storage can be switched off: then the system's choice holds.
}
