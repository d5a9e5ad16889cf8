//! What the proof would like to know of the rows of a database, and what was seen there.

use crate::ast::Name;
use crate::data::Value;
use crate::expr::Expression;

/// Something that is asked of all rows that a table has before the plan begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Whether an expression over a row has no value for some row; with a filter, among the rows that make it true.
    Fails {
        /// The table.
        table: Name,
        /// The expression.
        value: Expression,
        /// What the rows make true.
        filter: Option<Expression>,
    },
    /// Whether some row makes a condition false.
    False {
        /// The table.
        table: Name,
        /// The condition.
        condition: Expression,
    },
    /// Whether two rows have the same values in all of these columns, none of them null.
    Repeats {
        /// The table.
        table: Name,
        /// The columns.
        columns: Vec<Name>,
        /// What the rows make true.
        filter: Option<Expression>,
    },
    /// Whether some row refers to a row that is not there.
    Orphans {
        /// The table.
        table: Name,
        /// Its column.
        column: Name,
        /// The table that it refers to.
        to: Name,
        /// The column there.
        referenced: Name,
    },
}

impl Question {
    /// The table whose rows are asked about.
    #[must_use]
    pub fn table(&self) -> &Name {
        match self {
            Self::Fails { table, .. }
            | Self::False { table, .. }
            | Self::Repeats { table, .. }
            | Self::Orphans { table, .. } => table,
        }
    }
}

/// What was seen of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// There is no such row now.
    Nothing,
    /// There is one, with these values.
    Row {
        /// The columns that matter.
        values: Vec<(Name, Value)>,
        /// What comes of them, in words.
        outcome: String,
    },
    /// It was not found out, for this reason.
    Unknown(String),
}
