//! The lines of a source that one diagnostic needs, cut to what can be read.
//!
//! `miette` gets this instead of the source: it sees a few short lines, whatever the size of the script, a line or a
//! span. The places in it are mapped back to the script's own lines and columns.

use std::collections::BTreeSet;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::plain::clean;
use crate::diagnostic::Label;
use crate::source::Source;

/// A label over more lines than this is shown at its first line only.
const MOST_LINES: usize = 6;

/// How many bytes of a cut line stand before its first label, at most.
const MOST_LEAD: usize = 30;

/// Lines of a source with labels in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    labels: Vec<(LabeledSpan, usize)>,
}

/// A line of an excerpt.
#[derive(Debug)]
struct Line {
    /// Its number in the source, from 0.
    number: usize,
    /// Where it begins in the text of the excerpt.
    start: usize,
    /// What of the source it shows.
    shown: Range<usize>,
    /// Whether something before that was cut, which `…` stands for.
    cut: bool,
}

/// What a label covers in the source, as far as it is shown.
struct Marked<'a> {
    range: Range<usize>,
    lines: Range<usize>,
    text: &'a str,
}

impl Excerpt {
    /// The lines around `labels`; a line of more than `width` bytes is cut.
    pub(super) fn new(source: &Source, labels: &[Label], width: usize) -> Self {
        let places: Vec<_> = labels.iter().map(|label| Marked::new(source, label)).collect();
        let name = clean(source.name()).into_owned();
        let mut excerpt = Self { name, text: String::new(), lines: Vec::new(), labels: Vec::new() };
        for number in wanted_lines(source, &places) {
            excerpt.push_line(source, number, window(source, number, &places, width));
        }
        for place in &places {
            excerpt.push_label(source, place);
        }
        excerpt
    }

    /// The labels, at their places in the excerpt; the first is the primary one.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.labels.iter().map(|(label, _)| label.clone())
    }

    fn push_line(&mut self, source: &Source, number: usize, shown: Range<usize>) {
        let whole = source.line_range(number);
        let (start, cut) = (self.text.len(), shown.start > whole.start);
        self.text.push_str(if cut { "…" } else { "" });
        self.text.push_str(&clean(&source.text()[shown.clone()]));
        self.text.push_str(if shown.end < whole.end { "…\n" } else { "\n" });
        self.lines.push(Line { number, start, shown, cut });
    }

    fn push_label(&mut self, source: &Source, place: &Marked<'_>) {
        let start = self.locate(source, place.lines.start, place.range.start);
        let end = self.locate(source, place.lines.end - 1, place.range.end).max(start);
        let text = (!place.text.is_empty()).then(|| clean(place.text).into_owned());
        let label = if self.labels.is_empty() {
            LabeledSpan::new_primary_with_span(text, start..end)
        } else {
            LabeledSpan::new_with_span(text, start..end)
        };
        let offset = u32::try_from(place.range.start).expect("offsets of a source fit");
        self.labels.push((label, source.position(offset).column));
    }

    /// Where an offset of the source is in the excerpt.
    fn locate(&self, source: &Source, number: usize, offset: usize) -> usize {
        let line = &self.lines[self.lines.partition_point(|line| line.number < number)];
        let offset = offset.clamp(line.shown.start, line.shown.end);
        let before = clean(&source.text()[line.shown.start..offset]).len();
        line.start + if line.cut { '…'.len_utf8() } else { 0 } + before
    }

    /// The run of lines with neighbouring numbers around `line`.
    fn run_around(&self, line: usize) -> Range<usize> {
        let joined = |i: &usize| self.lines[*i].number + 1 == self.lines[*i + 1].number;
        let first = (0..line).rev().take_while(joined).last().unwrap_or(line);
        let last = (line..self.lines.len() - 1).take_while(joined).last().map_or(line, |i| i + 1);
        first..last + 1
    }

    fn column_of(&self, span: &SourceSpan) -> usize {
        self.labels.iter().find(|(label, _)| label.inner() == span).map_or(1, |(_, column)| *column)
    }
}

impl<'a> Marked<'a> {
    fn new(source: &Source, label: &'a Label) -> Self {
        let start = boundary(source.text(), label.span.start as usize);
        let end = boundary(source.text(), label.span.end as usize).max(start);
        let first = source.line_of(start);
        let last = source.line_of(if end > start { end - 1 } else { end });
        if last - first < MOST_LINES {
            return Self { range: start..end, lines: first..last + 1, text: &label.text };
        }
        let end = source.line_range(first).end.max(start);
        Self { range: start..end, lines: first..first + 1, text: &label.text }
    }
}

/// The lines of all labels and the lines beside them.
fn wanted_lines(source: &Source, places: &[Marked<'_>]) -> BTreeSet<usize> {
    let mut wanted = BTreeSet::new();
    for place in places {
        wanted.extend(place.lines.clone());
        wanted.extend(place.lines.start.checked_sub(1));
        let next = place.lines.end;
        if next < source.line_count() && source.line_range(next).start < source.text().len() {
            wanted.insert(next);
        }
    }
    wanted
}

/// The part of a line that is shown: all of it, or `width` bytes around its labels.
fn window(source: &Source, number: usize, places: &[Marked<'_>], width: usize) -> Range<usize> {
    let line = source.line_range(number);
    if line.len() <= width {
        return line;
    }
    let here = |place: &&Marked<'_>| place.lines.contains(&number);
    let primary = places.first().filter(here).map(|place| place.range.start);
    let first = places.iter().filter(here).map(|place| place.range.start).min();
    let fits = |first: usize| primary.is_none_or(|primary| primary < first + width / 2);
    let anchor = first.filter(|first| fits(*first)).or(primary).unwrap_or(line.start).max(line.start);
    let start = boundary(source.text(), anchor.saturating_sub(MOST_LEAD.min(width / 3)).max(line.start));
    start..boundary(source.text(), (start + width).min(line.end))
}

/// The start of the character that the byte at `offset` belongs to.
fn boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

impl SourceCode for Excerpt {
    /// All neighbouring lines, however many were asked for; for none around the span, its place in the source.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if span.offset() + span.len() > self.text.len() || self.lines.is_empty() {
            return Err(MietteError::OutOfBounds);
        }
        let line = self.lines.partition_point(|line| line.start <= span.offset()) - 1;
        let alone = lines_before + lines_after == 0;
        let run = if alone { line..line + 1 } else { self.run_around(line) };
        let start = self.lines[run.start].start;
        let end = self.lines.get(run.end).map_or(self.text.len(), |line| line.start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            (start, end - start).into(),
            self.lines[run.start].number,
            if alone { self.column_of(span) - 1 } else { 0 },
            run.len(),
        )))
    }
}
