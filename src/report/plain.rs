//! Text that a terminal shows as it is and never obeys.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// The text with its control characters made visible: a script cannot move the cursor, colour the screen or reorder
/// the line it is shown in. Tabs and line feeds stay.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| visible(c) == c) { Cow::Borrowed(text) } else { text.chars().map(visible).collect() }
}

/// The same, on one line: tabs and line feeds are made visible as well.
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    match clean(text) {
        clean if clean.contains(['\n', '\t']) => Cow::Owned(clean.replace('\n', "␊").replace('\t', "␉")),
        clean => clean,
    }
}

/// The text in lines of at most `width` columns, broken between words; a longer word stands alone.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines.last().is_some_and(|line| line.is_empty() || line.width() + 1 + word.width() <= width);
        match lines.last_mut().filter(|_| fits) {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(clean("é\tü\n"), Cow::Borrowed("é\tü\n")));
    }

    #[test]
    fn escapes_and_reordering_are_shown() {
        assert_eq!(clean("a\u{1b}[31m\0\r\u{7f}\u{202e}\u{9b}"), "a␛[31m␀␍␡\u{fffd}\u{fffd}");
        assert_eq!(clean_line("a\nb\tc"), "a␊b␉c");
    }
    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a-very-long-word x", 4), ["a-very-long-word", "x"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
