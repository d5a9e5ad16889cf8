//! For people.

use std::io::{self, Write};

use super::{SqlPlan, SqlStatement, TableSize, phase_word, statements};
use crate::engine::postgres::{Cost, Lock, Operation, Work};
use crate::phrase::rows;
use crate::report::terminal::Paint;
use crate::report::{Terminal, clean};

impl SqlPlan {
    /// Writes it for people.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write_human(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        writeln!(out, "{}", terminal.paint(&clean(&self.title), Paint::Bold))?;
        match &self.database {
            Some(database) => writeln!(out, "{} on {}", self.file, clean(database))?,
            None => {
                writeln!(
                    out,
                    "{}; no database was asked, so sizes and other things that only it knows are left out",
                    self.file
                )?;
            }
        }
        for table in &self.tables {
            writeln!(out, "  {}: {}", clean(&table.table), size(table))?;
        }
        for (at, statement) in self.statements.iter().enumerate() {
            writeln!(out)?;
            self.write_statement(out, terminal, at + 1, statement)?;
        }
        Ok(())
    }

    fn write_statement(
        &self,
        out: &mut dyn Write,
        terminal: Terminal,
        number: usize,
        statement: &SqlStatement,
    ) -> io::Result<()> {
        let head = format!("{number}. {} {}", phase_word(statement.phase), clean(&statement.title));
        writeln!(
            out,
            "{} {}",
            terminal.paint(&head, Paint::Bold),
            terminal.paint(&format!("(line {})", statement.line), Paint::Dim)
        )?;
        if let Some(gate) = &statement.gate {
            writeln!(out, "   {} {}", terminal.paint("stops:", Paint::Yellow), clean(gate))?;
        }
        for operation in statement.operations.iter().filter(|operation| operation.work != Work::Nothing) {
            self.write_operation(out, terminal, operation)?;
        }
        Ok(())
    }

    fn write_operation(&self, out: &mut dyn Write, terminal: Terminal, operation: &Operation) -> io::Result<()> {
        writeln!(out, "   {}", terminal.paint(&format!("-- {}", operation.title), Paint::Dim))?;
        for sql in statements(&operation.work) {
            writeln!(out, "   {};", clean(&sql).replace('\n', "\n   "))?;
        }
        for lock in &operation.locks {
            writeln!(
                out,
                "     {} {}",
                terminal.paint("lock:", Paint::Cyan),
                clean(&lock_words(lock, &operation.work))
            )?;
        }
        let cost = self.cost_words(operation);
        writeln!(out, "     {} {}", terminal.paint("cost:", Paint::Cyan), clean(&cost))?;
        let undo: Vec<String> = operation.undo.iter().flat_map(statements).collect();
        let undo = if undo.is_empty() { "nothing to undo".to_owned() } else { undo_words(&undo) };
        writeln!(out, "     {} {}", terminal.paint("undo:", Paint::Cyan), clean(&undo))
    }

    fn cost_words(&self, operation: &Operation) -> String {
        let size = operation.locks.first().and_then(|lock| self.size_of(&lock.relation));
        let of = size.map_or_else(String::new, |table| format!(" ({})", self::size(table)));
        match operation.cost {
            Cost::Instant => "an instant, however large the table is".to_owned(),
            Cost::Scan => format!("reads every row{of}"),
            Cost::IndexBuild => format!("reads every row{of} twice to build the index"),
            Cost::Batches => {
                format!(
                    "works through every row{of} in short transactions; rows that have the value already are left \
                         alone"
                )
            }
        }
    }
}

/// A body of a function would hide what matters.
fn undo_words(undo: &[String]) -> String {
    let short = |sql: &String| match sql.split_once(" as $") {
        Some((head, _)) if sql.starts_with("create") => format!("{head} …"),
        _ => sql.clone(),
    };
    undo.iter().map(short).collect::<Vec<_>>().join("; ")
}

fn lock_words(lock: &Lock, work: &Work) -> String {
    let Lock { relation, mode } = lock;
    let (name, blocks) = (mode.name(), mode.blocks());
    match work {
        Work::Ddl(_) => {
            format!("{name} on {relation} for an instant, given up at once if it is not free; blocks {blocks}")
        }
        _ => format!("{name} on {relation} while it lasts; blocks {blocks}"),
    }
}

fn size(table: &TableSize) -> String {
    let counted = match table.rows_estimate {
        Some(1) => rows(1_u64),
        Some(count) => format!("about {}", rows(count)),
        None => "rows not counted yet (`analyze` it)".to_owned(),
    };
    format!("{counted}, {}", indicatif::HumanBytes(table.bytes))
}
