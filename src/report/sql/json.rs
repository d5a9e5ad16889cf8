//! For programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{SqlPlan, SqlStatement, phase_word, statements};
use crate::engine::postgres::{Lock, Operation, Work};

impl SqlPlan {
    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let document = json!({
            "version": 1,
            "file": self.file,
            "title": self.title,
            "database": self.database,
            "tables": self.tables,
            "statements": self.statements.iter().enumerate().map(|(at, it)| statement(at + 1, it)).collect::<Vec<_>>(),
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

fn statement(number: usize, statement: &SqlStatement) -> Value {
    json!({
        "number": number,
        "line": statement.line,
        "phase": phase_word(statement.phase),
        "title": statement.title,
        "gate": statement.gate,
        "operations": statement.operations.iter().map(operation).collect::<Vec<_>>(),
    })
}

fn operation(operation: &Operation) -> Value {
    let all = |works: &[Work]| works.iter().flat_map(statements).collect::<Vec<_>>();
    let lock = |lock: &Lock| json!({ "table": lock.relation, "mode": lock.mode.name(), "blocks": lock.mode.blocks() });
    json!({
        "title": operation.title,
        "sql": statements(&operation.work),
        "in_transaction": !matches!(operation.work, Work::BuildIndex { .. } | Work::DropIndex { .. }),
        "locks": operation.locks.iter().map(lock).collect::<Vec<_>>(),
        "cost": operation.cost,
        "undo": all(&operation.undo),
        "purge": all(&operation.purge),
    })
}
