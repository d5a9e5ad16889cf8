//! A plan as what it does to a database: every SQL statement with its phase, its locks, its cost, and what undoes it.

mod human;
mod json;
mod psql;

use crate::ast::Phase;
use crate::engine::postgres::operation::{RANGE, RowsWork};
use crate::engine::postgres::{Operation, Work};

/// A plan, translated.
#[derive(Clone, Debug)]
pub struct SqlPlan {
    /// The file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// The database that was asked, where one was: `shop@db.example.com:5432/shop`.
    pub database: Option<String>,
    /// The tables of the plan and their sizes, where a database was asked.
    pub tables: Vec<TableSize>,
    /// Its statements in order.
    pub statements: Vec<SqlStatement>,
}

/// How large a table is.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TableSize {
    /// Its name, quoted and with its schema.
    pub table: String,
    /// Rows, as PostgreSQL estimates them; none where it was never analysed.
    pub rows_estimate: Option<u64>,
    /// Size with indexes, in bytes.
    pub bytes: u64,
}

/// A statement of the script, translated.
#[derive(Clone, Debug)]
pub struct SqlStatement {
    /// Its phase; none for rollout and gates.
    pub phase: Option<Phase>,
    /// What it does, in words.
    pub title: String,
    /// Its line in the script.
    pub line: usize,
    /// What a person has to do before the plan goes on.
    pub gate: Option<String>,
    /// What is done, in order.
    pub operations: Vec<Operation>,
}

impl SqlPlan {
    /// The size of a table, by its quoted name.
    fn size_of(&self, table: &str) -> Option<&TableSize> {
        self.tables.iter().find(|size| size.table == table)
    }
}

/// The phase, or that it is a gate.
fn phase_word(phase: Option<Phase>) -> &'static str {
    match phase {
        Some(Phase::Expand) => "expand",
        Some(Phase::Migrate) => "migrate",
        Some(Phase::Contract) => "contract",
        None => "gate",
    }
}

/// The SQL of work as it is sent, without transactions, timeouts and ranges around it.
fn statements(work: &Work) -> Vec<String> {
    match work {
        Work::Nothing => Vec::new(),
        Work::Ddl(statements) => statements.clone(),
        Work::Scan(statement) => vec![statement.clone()],
        Work::ScanIfItHolds { scan, then } => std::iter::once(scan).chain(then).cloned().collect(),
        Work::BuildIndex { create, .. } => vec![create.clone()],
        Work::DropIndex { index } => vec![format!("drop index concurrently if exists {index}")],
        Work::Verify { query, .. } => vec![query.clone()],
        Work::Rows(rows) => vec![rows.statement.replace(RANGE, &range(rows))],
    }
}

/// The condition on the range of keys, in which `$1 …` is what the range starts after and what it ends with.
fn range(rows: &RowsWork) -> String {
    if rows.key.is_empty() {
        return "r.ctid >= $1 and r.ctid < $2".to_owned();
    }
    let columns: Vec<String> = rows.key.iter().map(|column| format!("r.{}", column.name)).collect();
    let given = |from: usize| (from..from + columns.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let columns = columns.join(", ");
    format!("({columns}) > ({}) and ({columns}) <= ({})", given(1), given(rows.key.len() + 1))
}
