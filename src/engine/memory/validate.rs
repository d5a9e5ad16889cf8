//! All rows of a table compared with one constraint, chunk by chunk.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::data::Value;
use crate::engine::memory::enforce::Unique;
use crate::engine::memory::scan::ChunkScan;
use crate::engine::memory::state::MemoryState;
use crate::engine::memory::table::TableData;
use crate::engine::memory::{fault, key};
use crate::engine::{Fault, FaultKind};
use crate::expr::Expression;

/// Adds to a fault about the first row how many more there are.
fn and_more(mut fault: Fault, rows: usize) -> Fault {
    let more = match rows {
        0 | 1 => return fault,
        2 => "1 more row".to_owned(),
        rows => format!("{} more rows", rows - 1),
    };
    fault.message = format!("{}, and in {more}", fault.message);
    fault
}

/// Whether a column is null in no row.
pub(super) fn not_null(table: &Table, data: &TableData, column: ColumnId) -> Result<(), Fault> {
    let Some(values) = data.columns.get(&column) else { return Ok(()) };
    let nulls_in = |chunk: &usize| values.chunks()[*chunk].null_count() > 0;
    let (mut first, mut count) = (None, 0);
    for chunk in (0..data.chunk_count()).filter(nulls_in) {
        let slots = data.alive_in(chunk).into_iter().map(|row| chunk * crate::data::CHUNK_ROWS + row as usize);
        for slot in slots.filter(|slot| values.is_null(*slot)) {
            first = first.or(Some(slot));
            count += 1;
        }
    }
    match first {
        None => Ok(()),
        Some(slot) => Err(and_more(fault::null(table, column, &fault::stored_row_name(table, data, slot)), count)),
    }
}

/// Whether a condition is true (with `or_null`: not false) for all rows; `blame` makes the fault from the row's name.
fn holds(
    table: &Table,
    data: &TableData,
    condition: &Expression,
    or_null: bool,
    now: i64,
    blame: impl Fn(&str) -> Fault,
) -> Result<(), Fault> {
    let (mut first, mut count) = (None, 0);
    for scan in ChunkScan::all(table, data, now) {
        let rows = data.alive_in(scan.chunk);
        let truth = scan.eval(condition, Some(&rows))?;
        let fails = |row: &u32| match truth.get(*row as usize) {
            Value::Boolean(truth) => !truth,
            _ => !or_null,
        };
        for row in rows.into_iter().filter(fails) {
            first.get_or_insert_with(|| scan.row_name(row));
            count += 1;
        }
    }
    first.map_or(Ok(()), |row| Err(and_more(blame(&row), count)))
}

/// `verify`: true in every row, null is not enough.
pub(super) fn verify(table: &Table, data: &TableData, condition: &Expression, now: i64) -> Result<(), Fault> {
    holds(table, data, condition, false, now, |row| {
        Fault::new(FaultKind::Check, format!("`verify` is not true for {row} of `{}`", table.name))
    })
}

/// Whether every reference of a foreign key finds its row.
fn references(
    state: &mut MemoryState,
    table: &Table,
    constraint: &Name,
    column: ColumnId,
    to: (&Name, ColumnId),
) -> Result<(), Fault> {
    let child = std::sync::Arc::clone(state.data(&table.name)?);
    let (mut first, mut count) = (None, 0);
    let mut known = std::collections::HashSet::new();
    for slot in child.alive() {
        let value = child.value(slot, column);
        let Some(hash) = key::hash(std::slice::from_ref(&value)) else { continue };
        if known.contains(&hash) {
            continue;
        }
        if state.data_mut(to.0)?.find(&[to.1], std::slice::from_ref(&value)).is_some() {
            known.insert(hash);
        } else {
            first.get_or_insert((slot, value));
            count += 1;
        }
    }
    first.map_or(Ok(()), |(slot, value)| {
        let row = fault::stored_row_name(table, &child, slot);
        Err(and_more(fault::dangling(table, constraint, (column, &value), to.0, &row), count))
    })
}

/// Whether all rows agree with a constraint.
pub(super) fn constraint(
    state: &mut MemoryState,
    table: &Table,
    constraint: &Constraint,
    now: i64,
) -> Result<(), Fault> {
    match &constraint.kind {
        ConstraintKind::Check { condition, .. } => {
            let data = state.data(&table.name)?;
            holds(table, data, condition, true, now, |row| fault::failed_check(table, &constraint.name, row))
        }
        ConstraintKind::ForeignKey { column, table: parent, referenced, .. } => {
            references(state, table, &constraint.name, *column, (parent, *referenced))
        }
        ConstraintKind::PrimaryKey(columns) => {
            let data = state.data(&table.name)?;
            columns.iter().try_for_each(|column| not_null(table, data, *column))?;
            unique(state, table, constraint, now)
        }
        ConstraintKind::Index { filter, .. } => {
            let data = state.data(&table.name)?;
            for scan in ChunkScan::all(table, data, now).filter(|_| filter.is_some()) {
                let rows = data.alive_in(scan.chunk);
                filter.iter().try_for_each(|filter| scan.eval(filter, Some(&rows)).map(drop))?;
            }
            unique(state, table, constraint, now)
        }
        ConstraintKind::Unique(_) => unique(state, table, constraint, now),
    }
}

fn unique(state: &mut MemoryState, table: &Table, constraint: &Constraint, now: i64) -> Result<(), Fault> {
    match Unique::of(constraint) {
        Some(rule) => rule.build(table, state.data_mut(&table.name)?, now),
        None => Ok(()),
    }
}

/// Holds rows of a chunk that an action has just changed in `column` against what binds new writes.
pub(super) fn changed_rows(scan: ChunkScan<'_>, rows: &[u32], column: ColumnId) -> Result<(), Fault> {
    let table = scan.table;
    for bound in super::enforce::not_null_columns(table) {
        let unsure = table.column_by_id(bound).is_some_and(|column| column.not_null == NotNull::NewWrites);
        let Some(values) = scan.data.columns.get(&bound).filter(|_| unsure || bound == column) else { continue };
        let chunk = &values.chunks()[scan.chunk];
        if let Some(row) = rows.iter().find(|row| chunk.is_null(**row as usize)).filter(|_| chunk.null_count() > 0) {
            return Err(fault::null(table, bound, &scan.row_name(*row)));
        }
    }
    for constraint in table.constraints() {
        let ConstraintKind::Check { condition, columns, validated } = &constraint.kind else { continue };
        if *validated && !columns.contains(&column) {
            continue;
        }
        let truth = scan.eval(condition, Some(rows))?;
        if let Some(row) = rows.iter().find(|row| truth.get(**row as usize) == Value::Boolean(false)) {
            return Err(fault::failed_check(table, &constraint.name, &scan.row_name(*row)));
        }
    }
    Ok(())
}
