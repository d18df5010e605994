const KEY = "flightsql.theme";

type Theme = "system" | "light" | "dark";

const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };
const WORDS: Record<Theme, string> = { system: "as the system has them", dark: "dark", light: "light" };

/** Lets a button choose light or dark colours, or the system's; the choice is kept. */
export function themeToggle(button: HTMLButtonElement): void {
  const use = (theme: Theme): void => {
    document.documentElement.dataset.theme = theme;
    button.ariaLabel = `Colours: ${WORDS[theme]}`;
    button.title = button.ariaLabel;
  };
  let theme = kept();
  use(theme);
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    use(theme);
    localStorage.setItem(KEY, theme);
  });
}

function kept(): Theme {
  const theme = localStorage.getItem(KEY) ?? "";
  return theme in NEXT ? (theme as Theme) : "system";
}
