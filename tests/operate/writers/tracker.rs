//! What the model allows a row to be, while nobody can say how far the run is at the moment.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::ast::Name;
use miglab::data::Value;
use miglab::engine::memory::{CellState, Memory, MemoryUndo};
use miglab::engine::{Engine, Fault, FaultKind};
use miglab::plan::{Action, ColumnName, Plan};

/// A row, in every state that it may be in.
#[derive(Clone)]
pub struct Tracker {
    plan: Arc<Plan>,
    table: Name,
    states: Vec<RunState>,
}

/// A table with the row in it, and how far the plan is: twice the statements done, and one more where a fill has been at
/// the row and is not over.
#[derive(Clone)]
struct RunState {
    at: usize,
    memory: Memory,
    /// Where it was before each thing that was done, and what undoes that.
    past: Vec<(usize, Option<MemoryUndo>)>,
}

/// How many statements are done at least and at most, and whether the run goes back.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub least: usize,
    pub most: usize,
    pub back: bool,
}

impl Tracker {
    /// No row yet.
    pub fn new(plan: &Arc<Plan>, table: &Name) -> Self {
        let memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
        Self {
            plan: Arc::clone(plan),
            table: table.clone(),
            states: vec![RunState { at: 0, memory, past: Vec::new() }],
        }
    }

    /// A row that is there before the first statement.
    pub fn with_row(plan: &Arc<Plan>, table: &Name, columns: &[Name], row: Vec<Value>) -> Self {
        let mut tracker = Self::new(plan, table);
        tracker.states[0].memory.insert(None, table, columns, &[row]).expect("the row fits the table");
        tracker
    }

    /// Everything that may have happened to the row by now.
    pub fn spread(&mut self, bounds: Bounds) {
        let mut waiting = std::mem::take(&mut self.states);
        let mut seen = BTreeSet::new();
        while let Some(state) = waiting.pop() {
            let left = if bounds.back { state.past.len() } else { 0 };
            if seen.insert((state.at, left, self.text(&state.memory))) {
                waiting.extend(if bounds.back {
                    Self::before(&state, bounds.least)
                } else {
                    self.behind(&state, bounds.most)
                });
                self.states.push(state);
            }
        }
        self.states.retain(|state| state.at >= 2 * bounds.least && state.at <= 2 * bounds.most);
    }

    /// What the run may do next.
    fn behind(&self, state: &RunState, most: usize) -> Vec<RunState> {
        let step = state.at / 2;
        if step >= most {
            return Vec::new();
        }
        let action = &self.plan.steps[step].action;
        let mut memory = state.memory.clone();
        let done = memory.apply(action, &mut |_| ControlFlow::Continue(()));
        let is_fill = matches!(action, Action::Fill { .. } | Action::Copy { .. });
        let with = |undo: Option<MemoryUndo>| [state.past.as_slice(), &[(state.at, undo)]].concat();
        let mut next = Vec::new();
        if let Ok(applied) = done {
            let at = state.at + if is_fill { (state.at + 1) % 2 } else { 2 };
            next.push(RunState { at, memory, past: with(Some(applied.undo)) });
        }
        if is_fill && state.at % 2 == 1 {
            next.push(RunState { at: state.at + 1, memory: state.memory.clone(), past: with(None) });
        }
        next
    }

    /// The same with the last thing undone.
    fn before(state: &RunState, least: usize) -> Vec<RunState> {
        let mut undone = state.clone();
        let Some((at, undo)) = undone.past.pop().filter(|_| state.at > 2 * least) else { return Vec::new() };
        undone.at = at;
        if let Some(undo) = undo {
            undone.memory.undo(undo, &mut |_| ControlFlow::Continue(())).expect("what was done last can be undone");
        }
        vec![undone]
    }

    fn text(&self, memory: &Memory) -> Vec<Option<String>> {
        let rows = memory.select(None, &self.table, None, None, usize::MAX).map(|selected| selected.rows);
        let cells = rows.unwrap_or_default().into_iter().flat_map(|row| row.cells);
        cells.map(|cell| (!cell.value.is_null()).then(|| cell.value.to_string())).collect()
    }

    /// An application updates the row, or inserts it.
    pub fn write(&mut self, app: &Name, values: &[(Name, Value)], insert: bool, bounds: Bounds) -> Result<(), Fault> {
        self.spread(bounds);
        let table = self.table.clone();
        let mut refused = None;
        self.states.retain_mut(|state| {
            let written = if insert {
                let (names, row): (Vec<Name>, Vec<Value>) = values.iter().cloned().unzip();
                state.memory.insert(Some(app), &table, &names, &[row]).map(|_| ())
            } else {
                state.memory.update_row(Some(app), &table, 0, values)
            };
            let is_done = written.is_ok();
            refused = written.err().or(refused.take());
            is_done
        });
        if self.states.is_empty() { refused.map_or(Ok(()), Err) } else { Ok(()) }
    }

    /// Somebody has read this; none of the states is left where that is not what the model says, or where it says that
    /// something of it is stale.
    pub fn read(&mut self, columns: &[ColumnName], found: &[Option<String>], bounds: Bounds) -> Result<(), String> {
        self.spread(bounds);
        let before = self.states.clone();
        self.states.retain(|state| {
            columns.iter().zip(found).all(|(column, found)| {
                let value = state.memory.value(&column.table, 0, &column.column);
                let state = state.memory.cell_state(&column.table, 0, &column.column);
                value.is_some_and(|value| same(&value, found.as_deref()))
                    && matches!(state, Some(CellState::Fresh | CellState::Unset(0)))
            })
        });
        if !self.states.is_empty() {
            return Ok(());
        }
        let shown = |state: &RunState| format!("{}/2 {:?}", state.at, self.text(&state.memory));
        let allowed: Vec<String> = before.iter().map(shown).collect();
        let names: Vec<&str> = columns.iter().map(|column| &*column.column).collect();
        self.states = before;
        Err(format!("{names:?} are {found:?}; with {bounds:?} they may be\n    {}", allowed.join("\n    ")))
    }

    /// Whether the model takes a row as new, in whatever state the run is.
    pub fn takes(&self, app: &Name, values: &[(Name, Value)], bounds: Bounds) -> bool {
        let mut tried = self.clone();
        tried.spread(bounds);
        let (names, row): (Vec<Name>, Vec<Value>) = values.iter().cloned().unzip();
        tried.states.iter_mut().all(|state| {
            let written = state.memory.insert(Some(app), &tried.table, &names, std::slice::from_ref(&row));
            written.map_or_else(|fault| fault.kind == FaultKind::Missing, |_| true)
        })
    }
}

fn same(value: &Value, found: Option<&str>) -> bool {
    if value.is_null() { found.is_none() } else { found == Some(value.to_string().as_str()) }
}
