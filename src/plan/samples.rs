//! Rows that are known before a plan is run: those of its script, and those of a database.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::data::Value;
use crate::plan::{Question, Seen};

/// Rows of tables as they are at the start of a plan, and what a database was asked about all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    rows: BTreeMap<Name, Vec<Sample>>,
    /// The columns that a database can be asked about.
    asked: BTreeSet<ColumnId>,
    answers: Vec<(Question, Seen)>,
}

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
        self.rows.entry(table).or_default().push(sample);
    }

    /// Notes that a database can be asked about the rows of a table, in these columns.
    pub fn can_ask(&mut self, columns: impl IntoIterator<Item = ColumnId>) {
        self.asked.extend(columns);
    }

    /// Whether there is a database that can be asked about all rows of these columns; of none it need not be.
    #[must_use]
    pub fn answers_for(&self, mut columns: impl Iterator<Item = ColumnId>) -> bool {
        self.has_database() && columns.all(|column| self.asked.contains(&column))
    }

    /// Whether there is a database at all.
    #[must_use]
    pub fn has_database(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Takes in what was seen.
    pub fn answer(&mut self, question: Question, seen: Seen) {
        self.answers.push((question, seen));
    }

    /// What was seen of a question; none where nobody has looked yet.
    #[must_use]
    pub fn seen(&self, question: &Question) -> Option<&Seen> {
        self.answers.iter().find(|(asked, _)| asked == question).map(|(_, seen)| seen)
    }

    /// The rows that are known of a table.
    pub fn of(&self, table: &str) -> impl Iterator<Item = &Sample> {
        self.rows.get(table).into_iter().flatten()
    }
}
