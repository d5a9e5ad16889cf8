//! The formatter: one canonical text for all texts of the same meaning.
//!
//! A statement is one line. Blocks are indented by four columns and hold one element a line; names of columns in a
//! table are padded to the longest. The block of an application or a view without comments is one line where that is
//! no longer than [`MAX_ONE_LINE`]. There is at most one blank line in a row. Comments stay after or before what they
//! stand after or before; one inside a statement moves before it.

use crate::ast::Phase;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};
use crate::syntax::names::quote_ident;
use crate::syntax::part::{Element, Head, Part};
use crate::syntax::reader::Pass;
use crate::syntax::{print, reader};

/// The longest line, in characters, that a whole block may become.
const MAX_ONE_LINE: usize = 100;

/// Comments are not moved further to the right than this, in characters, for the sake of a long line.
const MAX_BEFORE_COMMENT: usize = 80;

/// The canonical text of a script, with line ends `\n`.
///
/// # Errors
/// The script has syntax errors: then it is left alone, and these are they.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let mut writer = Writer { text: source.text(), lines: Vec::new(), blocks: Vec::new(), after_header: false };
    let diagnostics =
        reader::read(source.text(), source.span(), Pass::All, &mut |event| writer.take(event)).diagnostics;
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(diagnostics);
    }
    Ok(writer.finish())
}

/// A line to be written.
#[derive(Default)]
struct Line {
    indent: usize,
    /// The name of a column, which is padded.
    name: String,
    text: String,
    comment: Option<String>,
    /// Where the line should end, in characters, before its comment.
    comment_column: usize,
    own_comment: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.name.is_empty() && self.text.is_empty()
    }

    /// How long it is without its comment, in characters; of several lines, the last.
    fn width(&self) -> usize {
        let space = usize::from(!self.name.is_empty() && !self.text.is_empty());
        match self.text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.indent + self.name.chars().count() + space + self.text.chars().count(),
        }
    }
}

/// A block whose end has not come.
struct Block {
    head: Head,
    /// Its head's line.
    line: usize,
}

struct Writer<'a> {
    text: &'a str,
    lines: Vec<Line>,
    blocks: Vec<Block>,
    /// Nothing but comments stands between the header and here.
    after_header: bool,
}

impl Writer<'_> {
    fn take(&mut self, event: Part) {
        let after_header = self.after_header && matches!(event, Part::Comment { .. } | Part::Allow(_));
        self.after_header = after_header;
        match event {
            Part::Comment { span, trailing } => self.comment(span, trailing),
            Part::Blank => self.blank(),
            Part::Header(header, allows) => {
                self.line(print::header(&header));
                for allow in &allows {
                    self.lines.push(Line { indent: 4, text: print::allow(allow), ..Line::default() });
                }
                self.after_header = true;
            }
            Part::Allow(allow) => {
                // Right after the header it would belong to the whole script.
                if after_header {
                    self.blank();
                    self.after_header = false;
                }
                self.line(print::allow(&allow));
            }
            Part::Statement(statement) => {
                let text = print::statement(&statement.kind);
                self.line(self.with_phase(statement.phase, text));
            }
            Part::Rows(rows) => self.line(print::rows_line(&rows)),
            Part::Open(head, _) => self.open(head),
            Part::Element(element) => self.element(&element),
            Part::Close(_) => self.close(),
            Part::Passed(_) => {}
        }
    }

    /// Puts the phase before a statement that stands in no block of one.
    fn with_phase(&self, phase: Option<Phase>, text: String) -> String {
        match phase {
            Some(phase) if self.blocks.is_empty() => format!("{} {text}", phase.keyword()),
            _ => text,
        }
    }

    fn line(&mut self, text: String) {
        self.lines.push(Line { indent: 4 * self.blocks.len(), text, ..Line::default() });
    }

    fn comment(&mut self, span: Span, trailing: bool) {
        let text = self.text[span.range()].trim_end().replace("\r\n", "\n");
        match self.lines.last_mut() {
            Some(line) if trailing && !line.is_blank() && !line.own_comment && line.comment.is_none() => {
                line.comment = Some(text);
            }
            _ => {
                let indent = 4 * self.blocks.len();
                self.lines.push(Line { indent, text, own_comment: true, ..Line::default() });
            }
        }
    }

    fn blank(&mut self) {
        let opened = self.blocks.last().is_some_and(|block| block.line + 1 == self.lines.len());
        if !opened && self.lines.last().is_some_and(|line| !line.is_blank()) {
            self.lines.push(Line::default());
        }
    }

    fn drop_blank(&mut self) {
        while self.lines.last().is_some_and(Line::is_blank) {
            self.lines.pop();
        }
    }

    fn open(&mut self, head: Head) {
        let text = match &head {
            Head::Phase(phase) => phase.keyword().to_owned(),
            Head::Table(name) => format!("table {}", print::name_text(name)),
            Head::AddTable { phase, name } => self.with_phase(*phase, format!("add table {}", print::name_text(name))),
            Head::App(name) => format!("app {}", print::name_text(name)),
            Head::View(name) => format!("view {}", print::name_text(name)),
            Head::Rows(name) => format!("rows {}", print::name_text(name)),
        };
        let line = self.lines.len();
        self.line(format!("{text} {{"));
        self.blocks.push(Block { head, line });
    }

    fn element(&mut self, element: &Element) {
        match element {
            Element::Column(column) => {
                let name = quote_ident(&column.name.name).into_owned();
                let (indent, text) = (4 * self.blocks.len(), print::column_rest(column));
                self.lines.push(Line { indent, name, text, ..Line::default() });
            }
            Element::Constraint(constraint) => self.line(print::table_constraint(constraint)),
            Element::AppColumns(columns) => self.line(print::app_columns(columns)),
            Element::Connects(role) => {
                self.line(format!("connects as {}", crate::syntax::build::sql_text(role)));
            }
            Element::ViewReads(columns) => self.line(print::view_reads(columns)),
            Element::Row(values, _) => self.line(print::row(values)),
        }
    }

    fn close(&mut self) {
        self.drop_blank();
        let Some(block) = self.blocks.pop() else {
            return;
        };
        match block.head {
            Head::App(_) | Head::View(_) if self.fold(block.line) => return,
            Head::Table(_) | Head::AddTable { .. } => self.align(block.line + 1),
            _ => {}
        }
        self.line("}".to_owned());
    }

    /// Makes one line of the block that starts at line `at`, where it is short and has no comments.
    fn fold(&mut self, at: usize) -> bool {
        let lines = &self.lines[at..];
        let commented = lines.iter().any(|line| line.own_comment || line.comment.is_some() || line.text.contains('\n'));
        let clauses: Vec<&str> = lines[1..].iter().filter(|line| !line.is_blank()).map(|line| &*line.text).collect();
        let text = format!("{} {} }}", lines[0].text, clauses.join("  "));
        if commented || clauses.is_empty() || lines[0].indent + text.chars().count() > MAX_ONE_LINE {
            return false;
        }
        self.lines.truncate(at + 1);
        self.lines[at].text = text;
        true
    }

    /// Pads the names of the columns from line `from` on.
    fn align(&mut self, from: usize) {
        let lines = &mut self.lines[from..];
        let width = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
        for line in lines.iter_mut().filter(|line| !line.name.is_empty() && !line.text.is_empty()) {
            let missing = width - line.name.chars().count();
            line.name.extend(std::iter::repeat_n(' ', missing));
        }
    }

    /// Puts the comments after consecutive lines of one block below each other.
    fn align_comments(&mut self) {
        let same_run = |a: &Line, b: &Line| !a.is_blank() && !b.is_blank() && a.indent == b.indent;
        for run in self.lines.chunk_by_mut(same_run) {
            let widths = run.iter().filter(|line| line.comment.is_some()).map(Line::width);
            let column = widths.filter(|width| *width <= MAX_BEFORE_COMMENT).max().unwrap_or(0);
            for line in run {
                line.comment_column = column;
            }
        }
    }

    fn finish(mut self) -> String {
        self.drop_blank();
        self.align_comments();
        let mut out = String::with_capacity(self.text.len());
        for line in &self.lines {
            if !line.is_blank() {
                out.extend(std::iter::repeat_n(' ', line.indent));
            }
            out.push_str(&line.name);
            if !line.name.is_empty() && !line.text.is_empty() {
                out.push(' ');
            }
            out.push_str(&line.text);
            if let Some(comment) = &line.comment {
                out.extend(std::iter::repeat_n(' ', line.comment_column.saturating_sub(line.width()) + 2));
                out.push_str(comment);
            }
            out.push('\n');
        }
        out
    }
}
