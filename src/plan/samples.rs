//! Rows that are known before a plan is run: those of its script, and those of a database.

use std::collections::BTreeMap;

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::data::Value;

/// Rows of tables as they are at the start of a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(BTreeMap<Name, Vec<Sample>>);

/// Some rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Where they come from.
    pub origin: Origin,
    /// The columns.
    pub columns: Vec<ColumnId>,
    /// The rows, with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// These are all the rows that there are.
    pub whole: bool,
}

/// Where the values of a row come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A row that the script lists or generates.
    Script,
    /// A row of the database.
    Database,
    /// Made: the types and constraints of the columns admit them.
    Made,
}

impl Origin {
    /// Where the values come from: "a row of the script has them".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Script => "a row of the script has these values",
            Self::Database => "a row of the database has these values",
            Self::Made => "these values are made up; the types and constraints of the columns admit them",
        }
    }

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Database => "database",
            Self::Made => "made",
        }
    }
}

impl Samples {
    /// Takes in rows of a table.
    pub fn add(&mut self, table: Name, sample: Sample) {
        self.0.entry(table).or_default().push(sample);
    }

    /// The rows that are known of a table.
    pub fn of(&self, table: &str) -> impl Iterator<Item = &Sample> {
        self.0.get(table).into_iter().flatten()
    }
}
