// Light or dark: the system's choice, or the one that was made here.

const KEY = "relay-theme";
const root = document.documentElement;

export function offerTheme(button) {
  const kept = stored();
  if (kept) root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem(KEY, root.dataset.theme);
    } catch {
      // No storage: it lasts as long as the page.
    }
  });
}

const isDark = () => root.dataset.theme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
