//! A script on the in-memory table, written to and read from by text.

use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::ast::{ColumnRef, Expr, Name, RowsFrom, StatementKind};
use miglab::data::{Type, Value};
use miglab::diagnostic::Diagnostic;
use miglab::engine::memory::{CellState, Memory, MemoryUndo};
use miglab::engine::{Engine, Fault};
use miglab::expr::{Expression, NoColumns, Scope};
use miglab::plan::Plan;
use miglab::rows;
use miglab::source::Source;
use miglab::syntax;

/// A plan and the table that it is played on.
#[derive(Clone)]
pub struct Table {
    pub memory: Memory,
    pub plan: Arc<Plan>,
    pub undos: Vec<MemoryUndo>,
}

impl Table {
    pub fn open(script: &str) -> Self {
        let parsed = syntax::parse(Source::new("test.mig", script));
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let plan = Plan::resolve(&parsed.script, &[]).unwrap();
        let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
        for rows in &parsed.script.rows {
            let RowsFrom::Listed(listed) = &rows.from else { panic!("list the rows") };
            let schema = Arc::clone(memory.catalog().table(&rows.table.name).unwrap());
            let listed = rows::listed(listed, &schema, 0).unwrap();
            rows::load_listed(&mut memory, &rows.table.name, listed).unwrap();
        }
        Self { memory, plan: Arc::new(plan), undos: Vec::new() }
    }

    /// Does the next statement of the plan.
    pub fn step(&mut self) -> Result<Option<u64>, Fault> {
        let action = self.plan.steps[self.undos.len()].action.clone();
        let applied = self.memory.apply(&action, &mut |_| ControlFlow::Continue(()))?;
        self.undos.push(applied.undo);
        Ok(applied.rows)
    }

    pub fn steps(&mut self, count: usize) {
        (0..count).for_each(|_| {
            self.step().unwrap();
        });
    }

    /// Undoes the last statement done.
    pub fn undo(&mut self) -> Result<(), Fault> {
        self.memory.undo(self.undos.pop().unwrap(), &mut |_| ControlFlow::Continue(()))
    }

    fn expression(&self, table: &str, text: &str, target: Option<Type>) -> Expression {
        Expression::resolve(&parse(text), &Columns { memory: &self.memory, table }, target).unwrap()
    }

    /// `table(a, b)`: inserts rows of literals, `(1, 'x')`.
    pub fn insert(&mut self, app: &str, into: &str, rows: &[&str]) -> Result<usize, Fault> {
        let (table, columns) = into.strip_suffix(')').unwrap().split_once('(').unwrap();
        let columns: Vec<Name> = columns.split(", ").map(Name::from).collect();
        let rows: Vec<Vec<Value>> = rows.iter().map(|row| self.literals(table, &columns, row)).collect();
        self.memory.insert(name(app).as_ref(), &table.into(), &columns, &rows)
    }

    fn literals(&self, table: &str, columns: &[Name], row: &str) -> Vec<Value> {
        let value = |(column, text): (&Name, &str)| {
            let ty = self.memory.catalog().column(table, column).map_or(Type::Text, |column| column.ty);
            Expression::resolve(&parse(text), &NoColumns, Some(ty)).unwrap().eval(&[], 0).unwrap()
        };
        columns.iter().zip(row.split(", ")).map(value).collect()
    }

    pub fn update(&mut self, app: &str, table: &str, set: &[(&str, &str)], filter: &str) -> Result<usize, Fault> {
        let assignment = |(column, text): &(&str, &str)| {
            let ty = self.memory.catalog().column(table, column).unwrap().ty;
            (Name::from(*column), self.expression(table, text, Some(ty)))
        };
        let assignments: Vec<_> = set.iter().map(assignment).collect();
        let filter = self.expression(table, filter, None);
        self.memory.update(name(app).as_ref(), &table.into(), &assignments, Some(&filter))
    }

    pub fn delete(&mut self, app: &str, table: &str, filter: &str) -> Result<usize, Fault> {
        let filter = self.expression(table, filter, None);
        self.memory.delete(name(app).as_ref(), &table.into(), Some(&filter))
    }

    /// All rows of a table as text: values by `|`, rows by a new line; `~` marks a stale cell, `?` one that is unset.
    pub fn show(&self, table: &str) -> String {
        let selected = self.memory.select(None, &table.into(), None, None, usize::MAX).unwrap();
        let cell = |cell: &miglab::engine::memory::Cell| {
            let mark = match cell.state {
                CellState::Fresh => "",
                CellState::Stale(_) => "~",
                CellState::Unset(_) => "?",
            };
            format!("{}{mark}", cell.value)
        };
        let row = |row: &miglab::engine::memory::Row| row.cells.iter().map(cell).collect::<Vec<_>>().join("|");
        selected.rows.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    /// Everything: the schema, and all rows with their numbers and freshness.
    pub fn everything(&self) -> String {
        let catalog = self.memory.catalog();
        let mut text = format!("live: {:?}\n", catalog.live().collect::<Vec<_>>());
        for table in catalog.tables() {
            let columns: Vec<_> = table.columns().collect();
            let constraints: Vec<_> = table.constraints().collect();
            let rows = self.memory.select(None, &table.name, None, None, usize::MAX).unwrap();
            text = format!("{text}{}: {columns:?}\n{constraints:?}\n{:?}\n", table.name, rows.rows);
        }
        text + &format!("{:?}", catalog.syncs().collect::<Vec<_>>())
    }
}

pub fn message<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> String {
    outcome.unwrap_err().message
}

fn name(app: &str) -> Option<Name> {
    (!app.is_empty()).then(|| app.into())
}

fn parse(text: &str) -> Expr {
    let script = syntax::parse(Source::new("e.mig", format!("migrate verify {text} on t"))).script;
    match script.statements.into_iter().next().map(|statement| statement.kind) {
        Some(StatementKind::Verify(verified)) => verified.0,
        other => panic!("`{text}` is not an expression: {other:?}"),
    }
}

struct Columns<'a> {
    memory: &'a Memory,
    table: &'a str,
}

impl Scope for Columns<'_> {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let found = self.memory.catalog().column(self.table, &column.column.name).expect("the column is there");
        Ok((found.name.clone(), found.ty))
    }
}
