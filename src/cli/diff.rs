//! Changes of a file as a unified diff.

use similar::TextDiff;

use crate::report::Terminal;
use crate::report::terminal::Paint;

/// The diff from `old` to `new` as `patch` takes it; empty where they are the same.
pub(super) fn unified(path: &str, old: &str, new: &str, terminal: Terminal) -> String {
    let diff = unified_between((path, old), (path, new));
    if terminal.color { painted(&diff, terminal) } else { diff }
}

/// The diff from one text to another, each with its name.
pub(super) fn unified_between(old: (&str, &str), new: (&str, &str)) -> String {
    TextDiff::from_lines(old.1, new.1).unified_diff().context_radius(3).header(old.0, new.0).to_string()
}

fn painted(diff: &str, terminal: Terminal) -> String {
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'+') => terminal.paint(line, Paint::Green),
        Some(b'-') => terminal.paint(line, Paint::Red),
        Some(b'@') => terminal.paint(line, Paint::Cyan),
        _ => line.to_owned(),
    };
    diff.lines().map(|line| paint(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_patch() {
        let diff = unified("x.mig", "a\nb\n", "a\nc\n", Terminal::plain());
        assert_eq!(diff, "--- x.mig\n+++ x.mig\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(unified("x.mig", "a\n", "a\n", Terminal::plain()), "");
    }

    #[test]
    fn a_terminal_gets_colours() {
        let diff = unified("x.mig", "a\n", "b\n", Terminal { color: true, ..Terminal::plain() });
        assert!(diff.contains("\u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n"));
    }
}
