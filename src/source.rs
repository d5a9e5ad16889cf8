//! The text of a script, with its name and a table of its lines.
//!
//! Every node of the tree holds a [`Span`] into the text; a [`Source`] turns it into a line and a column, and serves
//! `miette` the lines around it by binary search (miette's own string source scans from the start for every label).

use std::sync::{Arc, OnceLock};

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A range of bytes of a script, end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    /// The span from `start` to `end`; a source holds at most 4 GiB, so offsets fit.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |n: usize| u32::try_from(n).expect("sources over 4 GiB are refused when read");
        Self { start: narrow(start), end: narrow(end) }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same span, `by` bytes further on.
    #[must_use]
    pub fn shifted(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// As a range for slicing.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many bytes it covers.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it covers none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl From<Span> for SourceSpan {
    fn from(span: Span) -> Self {
        (span.start as usize, span.len()).into()
    }
}

/// A place in a source as people count it: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A named text with its line table. Cloning shares the text.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
    /// Characters before each block of [`BLOCK`] bytes, counted when a long line asks for a column first.
    characters: Arc<OnceLock<Box<[u32]>>>,
}

/// How many bytes lie between two entries of a source's table of characters.
const BLOCK: usize = 1024;

impl Source {
    /// A source called `name` (a path, or `<repl>`) that holds `text`.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let starts =
            std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        let line_starts = starts.map(|i| u32::try_from(i).expect("sources over 4 GiB are refused when read")).collect();
        Self { name: name.into(), text, line_starts, characters: Arc::default() }
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that `span` covers.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset as usize);
        let start = self.line_starts[line] as usize;
        let end = (offset as usize).min(self.text.len());
        Position { line: line + 1, column: self.characters_between(start, end) + 1 }
    }

    /// How many lines it has; one more than it has line ends.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The line, counted from 0, that holds the byte at `offset`.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start as usize <= offset) - 1
    }

    /// Where a line, counted from 0, begins and ends; its line end is left out.
    #[must_use]
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let (start, mut end) = (self.line_start(line), self.line_start(line + 1));
        for line_end in [b'\n', b'\r'] {
            if end > start && self.text.as_bytes()[end - 1] == line_end {
                end -= 1;
            }
        }
        start..end
    }

    fn characters_between(&self, start: usize, end: usize) -> usize {
        if end - start <= BLOCK {
            return count_characters(&self.text.as_bytes()[start..end]);
        }
        self.characters_before(end) - self.characters_before(start)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let table = self.characters.get_or_init(|| characters_before_blocks(bytes));
        let block = offset / BLOCK;
        table[block] as usize + count_characters(&bytes[block * BLOCK..offset])
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).map_or(self.text.len(), |start| *start as usize)
    }
}

fn characters_before_blocks(bytes: &[u8]) -> Box<[u32]> {
    let blocks = bytes.chunks(BLOCK).scan(0u32, |sum, block| {
        *sum += u32::try_from(count_characters(block)).expect("a block has at most 1024 characters");
        Some(*sum)
    });
    std::iter::once(0).chain(blocks).collect()
}

/// Counts the bytes that begin a character.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.line_of(span.offset()).saturating_sub(lines_before);
        let last = self.line_of(end.saturating_sub(usize::from(!span.is_empty()))) + lines_after;
        let (from, mut to) = (self.line_start(first), self.line_start(last + 1));
        // The last line end is left out, as miette's own sources do: it would draw one empty line more.
        if last + 1 < self.line_starts.len() && self.text.as_bytes()[..to].last() == Some(&b'\n') && to > end {
            to -= 1;
        }
        let column = if first == self.line_of(span.offset()) { span.offset() - from } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_string(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            first,
            column,
            self.line_starts.len(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x", "aé\nüb");
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(6), Position { line: 2, column: 2 });
    }

    #[test]
    fn columns_of_a_long_line_agree_with_a_scan() {
        let text = format!("first\n{}", "aé☃b".repeat(2000));
        let source = Source::new("x", text.as_str());
        for (offset, _) in text.char_indices().skip(6).step_by(97) {
            let scanned = text[6..offset].chars().count() + 1;
            assert_eq!(source.position(u32::try_from(offset).unwrap()).column, scanned);
        }
        assert_eq!(source.position(u32::try_from(text.len()).unwrap()).column, 8001);
    }

    #[test]
    fn line_ends_are_left_out_of_lines() {
        let source = Source::new("x", "a\r\nb\n");
        assert_eq!([source.line_range(0), source.line_range(1), source.line_range(2)], [0..1, 3..4, 5..5]);
        assert_eq!(source.line_count(), 3);
    }
}
