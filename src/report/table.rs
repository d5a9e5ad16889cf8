//! Rows in aligned columns.

use unicode_width::UnicodeWidthStr;

use super::plain::clean_line;
use super::terminal::{Paint, Terminal};

/// The columns that a cell may take before it is cut.
const MOST_COLUMNS: usize = 40;

/// Headers and rows. A row may be shorter than the headers; what it has beyond them is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextTable {
    /// One per column.
    pub headers: Vec<String>,
    /// The rows, cell by cell.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it; a `null` says so itself.
    pub text: String,
    /// What to know about it.
    pub state: CellState,
}

/// What to know about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// Nothing.
    Plain,
    /// It is a number; a column of them is aligned to the right.
    Number,
    /// It is null.
    Null,
    /// A newer value is in another column.
    Stale,
    /// Null, although its fact was written.
    Unset,
    /// As it should be.
    Good,
    /// What a reader must not miss.
    Bad,
}

impl Cell {
    /// A cell in a state.
    pub fn new(text: impl Into<String>, state: CellState) -> Self {
        Self { text: text.into(), state }
    }

    fn shown(&self, most: usize) -> String {
        let text = cut(&clean_line(&self.text), most);
        match self.state {
            CellState::Stale => format!("{text} (stale)"),
            CellState::Unset => format!("{text} (unset)"),
            _ => text,
        }
    }

    fn paint(&self) -> Option<Paint> {
        match self.state {
            CellState::Plain | CellState::Number => None,
            _ if self.text.is_empty() => None,
            CellState::Null => Some(Paint::Dim),
            CellState::Stale => Some(Paint::Yellow),
            CellState::Unset | CellState::Bad => Some(Paint::Red),
            CellState::Good => Some(Paint::Green),
        }
    }
}

impl TextTable {
    /// The table as lines of text, each ending with a line feed; escape codes only when `styled`.
    #[must_use]
    pub fn render(&self, styled: bool) -> String {
        self.render_within(styled, MOST_COLUMNS)
    }

    /// The same, with cells of at most so many columns.
    #[must_use]
    pub fn render_within(&self, styled: bool, most: usize) -> String {
        let terminal = Terminal { color: styled, ..Terminal::plain() };
        let headers: Vec<_> = self.headers.iter().map(|header| cut(&clean_line(header), most)).collect();
        let shown = |row: &Vec<Cell>| row.iter().map(|cell| cell.shown(most)).collect();
        let rows: Vec<Vec<_>> = self.rows.iter().map(shown).collect();
        let columns: Vec<_> = (0..headers.len()).map(|i| ColumnWidth::new(i, &headers[i], &rows, &self.rows)).collect();

        let mut text = line(columns.iter().zip(&headers).map(|(c, h)| c.align(h, Some(Paint::Bold), terminal)));
        text += &line(columns.iter().map(|column| "─".repeat(column.width)));
        for (cells, shown) in self.rows.iter().zip(&rows) {
            let painted = columns.iter().zip(cells).zip(shown);
            text += &line(painted.map(|((column, cell), shown)| column.align(shown, cell.paint(), terminal)));
        }
        text
    }
}

/// How a column is set.
struct ColumnWidth {
    width: usize,
    right: bool,
}

impl ColumnWidth {
    fn new(index: usize, header: &str, shown: &[Vec<String>], rows: &[Vec<Cell>]) -> Self {
        let widths = shown.iter().filter_map(|row| row.get(index)).map(|text| text.width());
        let states = || rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.state);
        let right = states().any(|s| s == CellState::Number) && !states().any(|s| s == CellState::Plain);
        Self { width: widths.max().unwrap_or(0).max(header.width()), right }
    }

    fn align(&self, text: &str, paint: Option<Paint>, terminal: Terminal) -> String {
        let space = " ".repeat(self.width.saturating_sub(text.width()));
        let text = paint.map_or_else(|| text.to_owned(), |paint| terminal.paint(text, paint));
        if self.right { space + &text } else { text + &space }
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let joined = cells.collect::<Vec<_>>().join("  ");
    format!("{}\n", joined.trim_end())
}

/// The text, or its beginning with `…`, in at most `most` columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let fits = |end: &usize| text[..*end].width() < most;
    let ends = text.char_indices().map(|(i, _)| i).take(most + 1);
    let end = ends.filter(fits).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TextTable {
        let number = |n: i32| Cell::new(n.to_string(), CellState::Number);
        let plain = |text: &str| Cell::new(text, CellState::Plain);
        TextTable {
            headers: ["id", "username", "display_name"].map(String::from).to_vec(),
            rows: vec![
                vec![number(1), plain("alice"), Cell::new("null", CellState::Null)],
                vec![number(10), plain("日本"), Cell::new("bob", CellState::Stale)],
                vec![number(3), plain("a\nb"), Cell::new("null", CellState::Unset)],
            ],
        }
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let expected = "\
id  username  display_name
──  ────────  ────────────
 1  alice     null
10  日本      bob (stale)
 3  a␊b       null (unset)
";
        assert_eq!(table().render(false), expected);
    }

    #[test]
    fn escape_codes_only_when_styled() {
        assert!(!table().render(false).contains('\u{1b}'));
        assert!(table().render(true).contains("\u{1b}[2mnull\u{1b}[0m"));
        assert!(table().render(true).contains("\u{1b}[33mbob (stale)\u{1b}[0m"));
    }

    #[test]
    fn long_cells_are_cut() {
        let cut = cut(&"日".repeat(10_000), MOST_COLUMNS);
        assert_eq!(cut.width(), 39);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_table_without_rows_has_its_headers() {
        let table = TextTable { headers: vec!["id".into()], rows: Vec::new() };
        assert_eq!(table.render(false), "id\n──\n");
    }

    #[test]
    fn short_and_long_rows_do_no_harm() {
        let cell = || Cell::new("x", CellState::Plain);
        let table =
            TextTable { headers: vec!["a".into(), "b".into()], rows: vec![vec![cell()], vec![cell(), cell(), cell()]] };
        assert_eq!(table.render(false), "a  b\n─  ─\nx\nx  x\n");
    }
}
