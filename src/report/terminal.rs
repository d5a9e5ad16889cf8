//! What the receiver of a report can show.

use std::io::IsTerminal;

/// How wide, and with what, a report may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Whether escape codes are understood.
    pub color: bool,
    /// Whether lines may be drawn with characters outside ASCII.
    pub unicode: bool,
    /// How many columns a line has.
    pub width: usize,
}

/// The columns of a line that goes to a file or a pipe.
const PIPE_WIDTH: usize = 100;

/// Below this, text would be broken into crumbs.
const LEAST_WIDTH: usize = 40;

/// One way to set text apart where escape codes are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Bold.
    Bold,
    /// Dimmed.
    Dim,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Cyan.
    Cyan,
}

impl Paint {
    fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Cyan => 36,
        }
    }
}

impl Terminal {
    /// What a file or a pipe gets: no escape codes, 100 columns.
    #[must_use]
    pub fn plain() -> Self {
        Self { color: false, unicode: true, width: PIPE_WIDTH }
    }

    /// What standard output can show.
    #[must_use]
    pub fn stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self::detect(is_terminal, |name| std::env::var(name).ok(), || width_of(&std::io::stdout()))
    }

    /// What standard error can show.
    #[must_use]
    pub fn stderr() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self::detect(is_terminal, |name| std::env::var(name).ok(), || width_of(&std::io::stderr()))
    }

    fn detect(is_terminal: bool, env: impl Fn(&str) -> Option<String>, width: impl FnOnce() -> Option<usize>) -> Self {
        let color = wants_color(is_terminal, &env);
        if !is_terminal {
            return Self { color, ..Self::plain() };
        }
        let width = width().unwrap_or(PIPE_WIDTH).max(LEAST_WIDTH);
        Self { color, unicode: shows_unicode(&env), width }
    }

    /// The text, painted where escape codes are understood.
    #[must_use]
    pub fn paint(self, text: &str, paint: Paint) -> String {
        let styled = self.color && !text.is_empty();
        if styled { format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code()) } else { text.to_owned() }
    }
}

#[cfg(unix)]
fn width_of(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0))
}

#[cfg(not(unix))]
fn width_of<T>(_: &T) -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// `NO_COLOR` beats what forces colours, which beats what the stream is; `TERM=dumb` is not a terminal for colours.
fn wants_color(is_terminal: bool, env: &impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| env(name).is_some_and(|value| !value.is_empty());
    let forces = |name| env(name).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    if is_set("NO_COLOR") {
        return false;
    }
    let dumb = env("TERM").as_deref() == Some("dumb");
    forces("CLICOLOR_FORCE") || forces("FORCE_COLOR") || (is_terminal && !dumb)
}

fn shows_unicode(env: &impl Fn(&str) -> Option<String>) -> bool {
    if matches!(env("TERM").as_deref(), Some("dumb" | "linux")) {
        return false;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
    cfg!(windows) || locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(is_terminal: bool, variables: &[(&str, &str)]) -> Terminal {
        let env = |name: &str| variables.iter().find(|v| v.0 == name).map(|v| v.1.to_owned());
        Terminal::detect(is_terminal, env, || Some(80))
    }

    #[test]
    fn a_pipe_gets_no_escape_codes() {
        assert_eq!(detect(false, &[("TERM", "xterm-256color")]), Terminal::plain());
    }

    #[test]
    fn a_terminal_gets_colours_and_its_width() {
        let expected = Terminal { color: true, unicode: true, width: 80 };
        assert_eq!(detect(true, &[("LANG", "en_US.UTF-8"), ("TERM", "xterm")]), expected);
    }

    #[test]
    fn colours_can_be_refused_and_forced() {
        assert!(!detect(true, &[("NO_COLOR", "1")]).color);
        assert!(!detect(true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]).color);
        assert!(!detect(true, &[("TERM", "dumb")]).color);
        assert!(detect(false, &[("CLICOLOR_FORCE", "1")]).color);
        assert!(detect(false, &[("FORCE_COLOR", "1")]).color);
        assert!(!detect(false, &[("FORCE_COLOR", "0")]).color);
    }

    #[test]
    fn other_locales_get_ascii() {
        assert!(!detect(true, &[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).unicode);
    }
}
