//! What each application reads and writes, with every column's table known.

use crate::ast::Name;
use crate::source::Source;
use crate::syntax::{self, quote_ident};

/// A column by the names of its table and itself: an application may name one that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnName {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Name,
}

/// A version of the application.
#[derive(Clone, Debug)]
pub struct AppUse {
    /// Its name.
    pub name: Name,
    /// What it reads.
    pub reads: Vec<ColumnName>,
    /// What it writes.
    pub writes: Vec<ColumnName>,
    /// The `application_name` or the role that it connects to a database with, where the script says.
    pub connects_as: Option<Box<str>>,
}

impl AppUse {
    /// Everything it reads or writes; what it does both with comes twice.
    pub fn uses(&self) -> impl Iterator<Item = &ColumnName> {
        self.reads.iter().chain(&self.writes)
    }

    /// Its declaration in canonical form, without a line end after it. Columns of `default_table` go by their names
    /// alone.
    #[must_use]
    pub fn declaration(&self, default_table: Option<&Name>) -> String {
        let list = |columns: &[ColumnName]| {
            let names: Vec<String> = columns.iter().map(|column| column.written(default_table)).collect();
            names.join(", ")
        };
        let clause = |word: &str, columns: &[ColumnName]| match columns {
            [] => String::new(),
            _ => format!("{word} {} ", list(columns)),
        };
        let clauses = if self.reads == self.writes {
            clause("uses", &self.reads)
        } else {
            clause("reads", &self.reads) + &clause("writes", &self.writes)
        };
        let connects = self
            .connects_as
            .as_ref()
            .map_or_else(String::new, |name| format!("connects as '{}' ", name.replace('\'', "''")));
        let text = format!("app {} {{ {clauses}{connects}}}", quote_ident(&self.name));
        let formatted = syntax::format(&Source::new("app", text.as_str()));
        formatted.map_or(text, |formatted| formatted.trim_end().to_owned())
    }
}

impl ColumnName {
    /// As a script writes it where unqualified columns belong to `default_table`.
    #[must_use]
    pub fn written(&self, default_table: Option<&Name>) -> String {
        let column = quote_ident(&self.column);
        if default_table == Some(&self.table) {
            return column.into_owned();
        }
        format!("{}.{column}", quote_ident(&self.table))
    }
}

impl std::fmt::Display for ColumnName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}
