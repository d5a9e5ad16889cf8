//! `invalid-rows`: the rows that a script lists fit their tables and its constraints. Those of files and generators are
//! looked at when they are loaded.

use std::sync::Arc;

use crate::ast::{RowsFrom, Script};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::Fault;
use crate::engine::memory::Memory;
use crate::plan::Facts;
use crate::rows;
use crate::source::Span;

/// More rows than this are not generated.
const MOST_GENERATED: u64 = 100_000_000;

/// What is wrong with the listed rows.
pub(super) fn check(script: &Script, catalog: &Catalog) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    if script.rows.is_empty() {
        return wrong;
    }
    let mut memory = Memory::new(catalog.clone(), Arc::new(Facts::default()), Vec::new(), 0);
    for rows in &script.rows {
        let name = &rows.table.name;
        if let RowsFrom::Generated { count, .. } = rows.from
            && count > MOST_GENERATED
        {
            wrong.push(too_many(count, rows.span));
        }
        let table = catalog.table(name).filter(|table| table.declared);
        let (RowsFrom::Listed(values), Some(table)) = (&rows.from, table) else { continue };
        match rows::listed(values, table, 0) {
            Err(misfits) => {
                wrong.extend(misfits.into_iter().map(|misfit| Diagnostic { code: Code::InvalidRows, ..misfit }));
            }
            Ok(listed) => {
                let loaded = rows::load_listed(&mut memory, name, listed);
                wrong.extend(loaded.err().map(|fault| broken(fault, rows.span)));
            }
        }
    }
    let all_listed = script.rows.iter().all(|rows| matches!(rows.from, RowsFrom::Listed(_)));
    if wrong.is_empty() && all_listed {
        let place = script.rows.last().map_or(Span::default(), |rows| rows.table.span);
        wrong.extend(memory.hold_references().err().map(|fault| broken(fault, place)));
    }
    wrong
}

fn too_many(count: u64, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidRows, format!("{count} rows do not fit in memory"), span, "too many")
        .help(format!("generate at most {MOST_GENERATED}"))
}

fn broken(fault: Fault, span: Span) -> Diagnostic {
    let mut broken = Diagnostic::new(Code::InvalidRows, fault.message, span, "these rows break a constraint");
    broken.help = fault.help.map(String::from);
    broken
}
