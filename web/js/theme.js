// Sets the theme before the first paint. A classic script, because a module runs after it.
try {
  const theme = JSON.parse(localStorage.getItem("airunner.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's wish holds.
}
