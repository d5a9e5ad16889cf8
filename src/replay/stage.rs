//! The in-memory table that a schedule is played on, and whose row is which.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{BinaryOp, ColumnRef, Expr, ExprKind, Ident, Literal, Name};
use crate::catalog::{Column, ColumnId, ConstraintKind, Table};
use crate::data::{Type, Value};
use crate::engine::memory::{CellState, Memory, MemoryUndo, Selected};
use crate::engine::{Fault, FaultKind};
use crate::expr::Expression;
use crate::plan::{ColumnName, Plan, TableScope};
use crate::prove::Shown;
use crate::replay::known::KnownColumns;
use crate::replay::values::new_value;
use crate::source::Span;

/// Columns with the values that they are given.
pub(super) type Values = Vec<(ColumnName, Value)>;

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// The row that the schedule is about, with those that belong to it in other tables.
    Row,
    /// The second row, where two meet.
    Other,
    /// Nobody's: others refer to it.
    Beside,
}

/// How values are chosen.
#[allow(clippy::struct_excessive_bools, reason = "each is a choice that the others leave open")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    /// The start is a row of the script, where one fits; otherwise it is made up.
    pub(super) own_rows: bool,
    /// Which kind of value is tried first.
    pub(super) kind: usize,
    /// A second row is there from the start.
    pub(super) two: bool,
    /// When one row takes the values of the other where a unique constraint wants them different.
    pub(super) collide: Option<Collide>,
    /// The values of the witness are left out, as with them it does not go as the schedule says.
    pub(super) own_values: bool,
    /// At the start, what the schedule does not speak of is null where it may be: statements about it pass.
    pub(super) bare: bool,
}

/// When two rows come to agree on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collide {
    /// From the start.
    Start,
    /// By the last write.
    LastWrite,
    /// By the last write, which is done to the other row before.
    SameWrite,
    /// By a statement, which gives the other row, null until then, what the first has.
    Fill,
}

/// A table in memory with a plan under way on it.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) plan: Arc<Plan>,
    pub(super) known: Arc<KnownColumns>,
    pub(super) memory: Memory,
    pub(super) manner: Manner,
    /// How many statements have ended.
    pub(super) done: usize,
    /// What it takes to undo them; a fill has one for each row that it treated.
    pub(super) undos: Vec<(usize, MemoryUndo)>,
    /// The second row as visited by the statement under way.
    pub(super) other_visited: bool,
    /// How many values were made up.
    pub(super) made: usize,
    /// The values with which it happens, each where it comes in.
    pub(super) witness: Arc<Vec<(Shown, Value)>>,
    /// The table in which the last write of the schedule refers to a row that is missing.
    pub(super) missing: Option<Name>,
    /// The columns that the last write of the schedule gives a value, and what follows from them.
    pub(super) last_written: Arc<Vec<ColumnName>>,
    /// The event under way, by its place in the schedule; none before the first.
    pub(super) event: Option<usize>,
    /// The values that the row has at the start.
    pub(super) started_with: Values,
    owners: BTreeMap<(Name, usize), Owner>,
    /// The keys by which rows of several tables belong together.
    keys: BTreeMap<(Owner, usize), Value>,
}

impl Stage {
    pub(super) fn new(plan: Arc<Plan>, known: Arc<KnownColumns>, manner: Manner, now_micros: i64) -> Self {
        let memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), now_micros);
        Self {
            plan,
            known,
            memory,
            manner,
            done: 0,
            undos: Vec::new(),
            other_visited: false,
            made: 0,
            witness: Arc::default(),
            missing: None,
            last_written: Arc::default(),
            event: None,
            started_with: Vec::new(),
            owners: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }

    /// The value of the witness that comes into a column of the row with the event under way.
    pub(super) fn brought(&self, owner: Owner, table: &Name, column: &str) -> Option<&Value> {
        let is_it = |shown: &Shown| {
            shown.event == self.event && shown.column.table == *table && *shown.column.column == *column
        };
        let of_the_row = owner == Owner::Row && !self.manner.own_values;
        self.witness.iter().find(|(shown, _)| of_the_row && is_it(shown)).map(|(_, value)| value)
    }

    /// Whether it happens with some values only.
    pub(super) fn has_witness(&self) -> bool {
        !self.witness.is_empty() && !self.manner.own_values
    }

    pub(super) fn table(&self, name: &str) -> Result<Arc<Table>, Fault> {
        let table = self.memory.catalog().table(name).cloned();
        table.ok_or_else(|| missing(format!("there is no table `{name}`")))
    }

    /// The numbers of the rows of a table.
    pub(super) fn numbers(&self, table: &Name) -> Vec<usize> {
        let selected = self.memory.select(None, table, Some(&[]), None, usize::MAX);
        selected.map_or_else(|_| Vec::new(), |selected| selected.rows.iter().map(|row| row.number).collect())
    }

    /// The rows of a table that belong to somebody.
    pub(super) fn rows_of(&self, owner: Owner, table: &Name) -> Vec<usize> {
        let mut numbers = self.numbers(table);
        numbers.retain(|number| self.owners.get(&(table.clone(), *number)) == Some(&owner));
        numbers
    }

    /// Somebody's row in a table.
    pub(super) fn row_of(&self, owner: Owner, table: &Name) -> Option<usize> {
        self.rows_of(owner, table).last().copied()
    }

    /// Rows that have appeared belong to this owner from now on.
    pub(super) fn claim(&mut self, owner: Owner) {
        let tables: Vec<Name> = self.memory.catalog().tables().map(|table| table.name.clone()).collect();
        for table in tables {
            for number in self.numbers(&table) {
                self.owners.entry((table.clone(), number)).or_insert(owner);
            }
        }
    }

    /// A row belongs to nobody that the schedule is about.
    pub(super) fn give_away(&mut self, table: &Name, number: usize) {
        self.owners.insert((table.clone(), number), Owner::Beside);
    }

    /// Forgets whose the rows of a table were.
    pub(super) fn forget(&mut self, table: &Name) {
        self.owners.retain(|(other, _), _| other != table);
    }

    /// The value of a cell in somebody's row.
    pub(super) fn value(&self, owner: Owner, table: &Name, column: &str) -> Option<Value> {
        self.memory.value(table, self.row_of(owner, table)?, column)
    }

    /// The freshness of a cell in somebody's row.
    pub(super) fn state(&self, owner: Owner, column: &ColumnName) -> Option<CellState> {
        self.memory.cell_state(&column.table, self.row_of(owner, &column.table)?, &column.column)
    }

    /// Somebody's row, with these columns.
    pub(super) fn selected(&self, owner: Owner, table: &Name, columns: &[Name]) -> Option<Selected> {
        let number = self.row_of(owner, table)?;
        let mut selected = self.memory.select(None, table, Some(columns), None, usize::MAX).ok()?;
        selected.rows.retain(|row| row.number == number);
        selected.total = selected.rows.len();
        Some(selected)
    }

    /// A condition that only this row of its table makes true; none where it is the only row.
    pub(super) fn only(&self, table: &Name, number: usize) -> Result<Option<Expression>, Fault> {
        if self.numbers(table) == [number] {
            return Ok(None);
        }
        let schema = self.table(table)?;
        let told_apart = schema.columns().filter(|column| column.ty.is_ordered());
        let mut equal: Vec<Expr> = told_apart
            .filter_map(|column| Some(is_same(&column.name, &self.memory.value(table, number, &column.name)?)))
            .collect();
        let condition = match equal.len() {
            0 => literal(Literal::Bool(true)),
            1 => equal.remove(0),
            _ => at_nowhere(ExprKind::And(equal.into())),
        };
        let scope = TableScope { catalog: self.memory.catalog(), table };
        let resolved = Expression::resolve(&condition, &scope, Some(Type::Boolean));
        resolved.map(Some).map_err(|unresolved| Fault::new(FaultKind::Value, unresolved.message))
    }

    /// Whether a condition is true for a row.
    pub(super) fn holds(&self, table: &Name, number: usize, filter: Option<&Expression>) -> Result<bool, Fault> {
        let selected = self.memory.select(None, table, Some(&[]), filter, usize::MAX)?;
        Ok(selected.rows.iter().any(|row| row.number == number))
    }

    /// The value of a key that somebody's rows have in common, or that a reference needs; none for other columns.
    pub(super) fn key(&mut self, owner: Owner, table: &Table, column: &Column) -> Result<Option<Value>, Fault> {
        if let Some(class) = self.known.class(column.id) {
            return Ok(Some(self.class_key(owner, class, column)));
        }
        let reference = table.constraints_of(column.id).find_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { table, referenced, .. } => Some((table.clone(), *referenced)),
            _ => None,
        });
        let Some((parent, referenced)) = reference.filter(|(parent, _)| *parent != table.name) else { return Ok(None) };
        let name: Name = self.memory.catalog().column_name(&parent, referenced).into();
        if let Some(value) = self.value(owner, &parent, &name) {
            return Ok(Some(value));
        }
        self.beside(&parent, &name, None).map(Some)
    }

    fn class_key(&mut self, owner: Owner, class: usize, column: &Column) -> Value {
        let tables: Vec<Arc<Table>> = self.memory.catalog().tables().cloned().collect();
        for table in tables {
            for member in table.columns().filter(|member| self.known.class(member.id) == Some(class)) {
                let there = self.value(owner, &table.name, &member.name).filter(|value| !value.is_null());
                if let Some(value) = there {
                    self.keys.insert((owner, class), value.clone());
                    return value;
                }
            }
        }
        if let Some(value) = self.keys.get(&(owner, class)) {
            return value.clone();
        }
        self.made += 1;
        let value = new_value(column, "key", self.made, 0, &[], &Value::Null);
        self.keys.insert((owner, class), value.clone());
        value
    }
}

/// `column is not distinct from 'value'`.
fn is_same(column: &Name, value: &Value) -> Expr {
    let column = Ident { name: column.clone(), span: Span::default() };
    let column = at_nowhere(ExprKind::Column(Box::new(ColumnRef { table: None, column })));
    let value = literal(if value.is_null() { Literal::Null } else { Literal::Text(value.to_string().into()) });
    at_nowhere(ExprKind::Binary(BinaryOp::NotDistinct, Box::new((column, value))))
}

fn literal(value: Literal) -> Expr {
    at_nowhere(ExprKind::Literal(value))
}

fn at_nowhere(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

pub(super) fn missing(message: String) -> Fault {
    Fault::new(FaultKind::Missing, message)
}

/// Whether a fault is that of a constraint.
pub(super) fn is_constraint(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::NotNull | FaultKind::Unique | FaultKind::Check | FaultKind::ForeignKey)
}

/// Whether other values may do better.
pub(super) fn hangs_on_values(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Value | FaultKind::Unique | FaultKind::Check | FaultKind::ForeignKey)
}

/// The bits of the facts that a cell is stale for, and whether it was never given a value.
pub(super) fn bits(state: CellState) -> (u64, bool) {
    match state {
        CellState::Fresh => (0, false),
        CellState::Stale(bits) => (bits, false),
        CellState::Unset(bits) => (bits, true),
    }
}

/// The identity of a column that goes by a name now.
pub(super) fn id_of(memory: &Memory, column: &ColumnName) -> Option<ColumnId> {
    memory.catalog().column(&column.table, &column.column).map(|column| column.id)
}
