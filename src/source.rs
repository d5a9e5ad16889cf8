//! The text of a script, with its name and a table of its lines.
//!
//! Every node of the tree holds a [`Span`] into the text; a [`Source`] turns it into a line and a column by binary search.

use std::sync::{Arc, OnceLock};

use miette::SourceSpan;

/// A range of bytes of a script, end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    /// The span from `start` to `end`.
    ///
    /// # Panics
    /// Offsets over 4 GiB; larger sources are refused when they are read.
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
    ///
    /// # Panics
    /// The text has more than 4 GiB.
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

    /// The span of the whole text.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(0, self.text.len())
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

    /// Where something begins, as compilers write it: `rename.mig:3:7`.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let Position { line, column } = self.position(span.start);
        format!("{}:{line}:{column}", self.name)
    }

    /// The first line of something that may have several.
    #[must_use]
    pub fn first_line(&self, span: Span) -> &str {
        self.slice(span).lines().next().unwrap_or_default()
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
