//! Pages in Markdown, set for a terminal.

use super::terminal::{Paint, Terminal};

/// The page as it is where escape codes are not understood; else with headings in bold and code apart.
#[must_use]
pub fn render(page: &str, terminal: Terminal) -> String {
    if !terminal.color {
        return with_line_end(page.to_owned());
    }
    let (mut text, mut in_code) = (String::new(), false);
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            in_code = !in_code;
            text += &verdict_line(info, terminal);
            continue;
        }
        text += &if in_code { code_line(line, terminal) } else { prose_line(line, terminal) };
        text.push('\n');
    }
    with_line_end(text)
}

/// What `check` says about the example that follows, where its fence tells.
fn verdict_line(info: &str, terminal: Terminal) -> String {
    match info.split_whitespace().last() {
        Some("refused") => format!("  {}\n", terminal.paint("refused:", Paint::Red)),
        Some("accepted") => format!("  {}\n", terminal.paint("accepted:", Paint::Green)),
        _ => String::new(),
    }
}

fn code_line(line: &str, terminal: Terminal) -> String {
    if line.is_empty() { String::new() } else { format!("    {}", terminal.paint(line, Paint::Cyan)) }
}

fn prose_line(line: &str, terminal: Terminal) -> String {
    match line.trim_start_matches('#') {
        heading if heading.len() < line.len() => terminal.paint(heading.trim(), Paint::Bold),
        _ => inline_code(line, terminal),
    }
}

/// Paints what stands between backticks; an odd one is left as it is.
fn inline_code(line: &str, terminal: Terminal) -> String {
    let parts: Vec<_> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let paint = |(i, part): (usize, &&str)| match i % 2 {
        0 => (*part).to_owned(),
        _ => terminal.paint(part, Paint::Cyan),
    };
    parts.iter().enumerate().map(paint).collect()
}

fn with_line_end(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# in-use\n\nWrites `a` and `b`.\n\n```mig refused\nexpand add\n```";

    #[test]
    fn a_pipe_gets_the_page_itself() {
        assert_eq!(render(PAGE, Terminal::plain()), format!("{PAGE}\n"));
    }

    #[test]
    fn a_terminal_gets_bold_headings_and_no_fences() {
        let expected = "\u{1b}[1min-use\u{1b}[0m\n\nWrites \u{1b}[36ma\u{1b}[0m and \u{1b}[36mb\u{1b}[0m.\n\n  \u{1b}[31mrefused:\u{1b}[0m\n    \
                        \u{1b}[36mexpand add\u{1b}[0m\n";
        assert_eq!(render(PAGE, Terminal { color: true, ..Terminal::plain() }), expected);
    }
}
