//! A file that psql can run: `psql -f plan.sql`, outside a transaction.
//!
//! It does what a run does by the means of SQL alone: DDL gives its locks up at once where they are not free and tries
//! again, rows are processed in short transactions. What a run does besides (to remember how far it came, to look after
//! the load) it does not.

use std::io::{self, Write};

use super::{SqlPlan, SqlStatement, phase_word};
use crate::engine::postgres::operation::{RANGE, RowsWork};
use crate::engine::postgres::{Operation, Work, quote};

/// Rows in a batch where the script does not say.
const BATCH_ROWS: u32 = 1000;

impl SqlPlan {
    /// Writes it as a file for psql.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write_psql(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "-- {}", one_line(&self.title))?;
        writeln!(out, "-- from {}; run it with `psql -f` in a terminal: it stops where a person is needed", self.file)?;
        writeln!(out, "\\set ON_ERROR_STOP on")?;
        writeln!(out, "set client_min_messages = warning;\nset timezone = 'UTC';\nset statement_timeout = 0;")?;
        writeln!(out, "create schema if not exists miglab;")?;
        for (at, statement) in self.statements.iter().enumerate() {
            write_statement(out, at + 1, statement)?;
        }
        self.write_purge(out)
    }
}

impl SqlPlan {
    /// What was taken away is still there, under another name.
    fn write_purge(&self, out: &mut dyn Write) -> io::Result<()> {
        let operations = self.statements.iter().flat_map(|statement| &statement.operations);
        let purges: Vec<String> =
            operations.flat_map(|operation| &operation.purge).flat_map(super::statements).collect();
        if purges.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n-- Once nothing has to be rolled back any more, this removes what was kept for it:")?;
        purges.iter().try_for_each(|sql| writeln!(out, "-- {sql};"))
    }
}

fn write_statement(out: &mut dyn Write, number: usize, statement: &SqlStatement) -> io::Result<()> {
    writeln!(out, "\n-- {number}. {} {}", phase_word(statement.phase), one_line(&statement.title))?;
    if let Some(gate) = &statement.gate {
        writeln!(out, "\\echo {}", quote::text(gate))?;
        writeln!(out, "\\prompt 'Press Enter when that is done: ' miglab_answer")?;
    }
    statement.operations.iter().try_for_each(|operation| write_operation(out, operation))
}

fn write_operation(out: &mut dyn Write, operation: &Operation) -> io::Result<()> {
    if operation.work == Work::Nothing {
        return Ok(());
    }
    writeln!(out, "-- {}", one_line(&operation.title))?;
    match &operation.work {
        Work::Nothing => Ok(()),
        Work::Ddl(statements) => writeln!(out, "{}", patient(statements)),
        Work::Scan(statement) => writeln!(out, "{}", patient(std::slice::from_ref(statement))),
        Work::ScanIfItHolds { scan, then } => {
            let all: Vec<String> = std::iter::once(scan).chain(then).cloned().collect();
            writeln!(out, "{}", patient(&all))
        }
        Work::BuildIndex { create, .. } => writeln!(out, "{create};"),
        Work::DropIndex { index } => writeln!(out, "drop index concurrently if exists {index};"),
        Work::Verify { query, message } => writeln!(out, "{}", gate(query, message)),
        Work::Rows(rows) => writeln!(out, "{}", over_rows(rows)),
    }
}

/// A block that tries again until it gets its locks; what it holds it gives up in between.
fn patient(statements: &[String]) -> String {
    let body: Vec<String> =
        statements.iter().map(|sql| format!("            execute {};\n", quote::dollar(sql))).collect();
    let body = body.concat();
    let block = format!(
        "\nbegin\n    for attempt in 1 .. 12000 loop\n        begin\n            \
         perform set_config('lock_timeout', '3ms', true);\n{body}            return;\n        \
         exception when lock_not_available or deadlock_detected then\n            \
         perform pg_sleep(0.025 + random() * 0.05);\n        end;\n    end loop;\n    \
         raise exception 'could not get a lock within ten minutes';\nend\n"
    );
    format!("do {};", quote::dollar(&block))
}

fn gate(query: &str, message: &str) -> String {
    let block = format!(
        "\ndeclare\n    found text;\nbegin\n    execute {} into found;\n    if found is not null then\n        \
         raise exception '% %', {}, found;\n    end if;\nend\n",
        quote::dollar(query),
        quote::text(message)
    );
    format!("do {};", quote::dollar(&block))
}

/// Goes over the rows by key; without one in one piece.
fn over_rows(rows: &RowsWork) -> String {
    let backfill = "perform set_config('miglab.backfill', 'on', true);";
    let columns: Vec<String> = rows.key.iter().map(|column| format!("r.{}", column.name)).collect();
    if columns.is_empty() {
        let sql = rows.statement.replace(RANGE, "true");
        return format!("do {};", quote::dollar(&format!("\nbegin\n    {backfill}\n    {sql};\nend\n")));
    }
    let variables = |prefix: &str| (1..=columns.len()).map(|at| format!("miglab_{prefix}_{at}")).collect::<Vec<_>>();
    let (after, last) = (variables("after"), variables("last"));
    let declared = after.iter().zip(&last).zip(&rows.key);
    let declared: Vec<String> =
        declared.map(|((a, l), column)| format!("    {a} {ty};\n    {l} {ty};\n", ty = column.ty)).collect();
    let declared = declared.concat();
    let row = |names: &[String]| format!("({})", names.join(", "));
    let beyond = format!("({} is null or {} > {})", after[0], row(&columns), row(&after));
    let range = format!("{beyond} and ({} is null or {} <= {})", last[0], row(&columns), row(&last));
    let moves: Vec<String> = after.iter().zip(&last).map(|(a, l)| format!("        {a} := {l};\n")).collect();
    let moves = moves.concat();
    let batch = rows.batch_rows.unwrap_or(BATCH_ROWS).max(1);
    let pause = rows.pause_ms.map_or_else(String::new, |ms| format!("        perform pg_sleep({ms} / 1000.0);\n"));
    let block = format!(
        "\ndeclare\n{declared}begin\n    loop\n        select {columns} into {into} from {relation} as r where {beyond}\n            \
         order by {columns} offset {offset} limit 1;\n        {backfill}\n        {sql};\n        commit;\n        \
         exit when {first} is null;\n{moves}{pause}    end loop;\nend\n",
        columns = columns.join(", "),
        into = last.join(", "),
        relation = rows.relation,
        offset = batch - 1,
        sql = rows.statement.replace(RANGE, &range),
        first = last[0],
    );
    format!("do {};", quote::dollar(&block))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
