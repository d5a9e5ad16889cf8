//! Which cells of a schedule hold the same value: each new value takes the next letter, and keeps it wherever it is
//! carried. The proof knows only whether a cell is fresh; which of the older values a stale one holds follows from what
//! was done to it.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, ColumnId};
use crate::plan::{ColumnName, Filling, FillingKind, Plan};
use crate::prove::Shown;
use crate::prove::proof::{CellView, Content, EventKind, RowView, Schedule, ScheduleEvent};

/// What stands in each cell of a row: `a`, `a+b` for a value made of two, `null`, `unset`.
pub type Letters = Vec<String>;

/// Letters for the row before the first event, then for the row after each event, cell by cell.
#[must_use]
pub fn letters(plan: &Plan, schedule: &Schedule) -> Vec<Letters> {
    let mut tracker = Tracker::new(plan);
    let mut told = vec![tracker.row(&schedule.start, 0, None)];
    told.extend(schedule.events.iter().map(|event| tracker.event(event)));
    told
}

/// The same, with the values that are known in place of their letters, as long as a cell holds them.
#[must_use]
pub fn letters_with(plan: &Plan, schedule: &Schedule, shown: &[Shown]) -> Vec<Letters> {
    let mut told = letters(plan, schedule);
    for Shown { event, column, literal, .. } in shown {
        let from = event.map_or(0, |event| event + 1);
        let rows = std::iter::once(&schedule.start).chain(schedule.events.iter().map(|event| &event.row));
        let mut letter = None;
        for (letters, row) in told.iter_mut().zip(rows).skip(from) {
            let at = row.cells.iter().position(|cell| cell.column == *column && cell.content == Content::Value);
            let Some(cell) = at.and_then(|at| letters.get_mut(at)) else { continue };
            if *cell == *letter.get_or_insert_with(|| cell.clone()) {
                literal.clone_into(cell);
            }
        }
    }
    told
}

/// A value that was new once, by the order of first sight.
type Generation = usize;

struct Tracker<'a> {
    plan: &'a Plan,
    /// The schema when so many statements have ended.
    catalogs: Vec<Catalog>,
    names: BTreeMap<ColumnId, ColumnName>,
    /// The newest value of each fact.
    newest: BTreeMap<ColumnId, Generation>,
    /// The value of each fact that a column holds.
    held: BTreeMap<(ColumnId, ColumnId), Generation>,
    generations: usize,
    letters: BTreeMap<Generation, usize>,
}

impl<'a> Tracker<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut catalogs = vec![plan.start.clone()];
        for step in &plan.steps {
            let mut next = catalogs[catalogs.len() - 1].clone();
            next.apply(&step.action);
            catalogs.push(next);
        }
        let mut names = BTreeMap::new();
        for table in catalogs.iter().flat_map(Catalog::tables) {
            for column in table.columns() {
                let name = ColumnName { table: table.name.clone(), column: column.name.clone() };
                names.entry(column.id).or_insert(name);
            }
        }
        let (newest, held, letters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { plan, catalogs, names, newest, held, generations: 0, letters }
    }

    fn event(&mut self, event: &ScheduleEvent) -> Letters {
        let after = match event.kind {
            EventKind::Step(step) => step + 1,
            EventKind::Undo(step) => step,
            _ => event.position,
        };
        if let EventKind::Write { columns, as_is: false, .. } | EventKind::Insert { columns, .. } = &event.kind
            && !event.other_row
        {
            self.write(columns, after);
        }
        let filling = match event.kind {
            EventKind::Visit { step, treats: true, .. } => Some(step),
            _ => None,
        };
        self.row(&event.row, after, filling)
    }

    fn id(&self, at: usize, name: &ColumnName) -> Option<ColumnId> {
        Some(self.catalogs.get(at)?.column(&name.table, &name.column)?.id)
    }

    fn facts(&self, column: ColumnId) -> Vec<ColumnId> {
        match self.plan.facts.of(column) {
            [] => vec![column],
            facts => facts.to_vec(),
        }
    }

    /// Columns of one fact that are written together take one new value.
    fn write(&mut self, columns: &[ColumnName], at: usize) {
        let mut touched = Vec::new();
        for column in columns.iter().filter_map(|name| self.id(at, name)).collect::<Vec<_>>() {
            let mut new = None;
            for fact in self.facts(column) {
                if !touched.contains(&fact) {
                    touched.push(fact);
                    let generation = *new.get_or_insert_with(|| self.next());
                    self.newest.insert(fact, generation);
                }
            }
        }
    }

    fn next(&mut self) -> Generation {
        self.generations += 1;
        self.generations
    }

    fn row(&mut self, row: &RowView, at: usize, filling: Option<usize>) -> Letters {
        let before = self.held.clone();
        row.cells.iter().map(|cell| self.cell(cell, at, filling, &before)).collect()
    }

    fn cell(
        &mut self,
        cell: &CellView,
        at: usize,
        filling: Option<usize>,
        before: &BTreeMap<(ColumnId, ColumnId), Generation>,
    ) -> String {
        let Some(column) = self.id(at, &cell.column) else { return content(cell.content).to_owned() };
        let (mut held, mut new) = (Vec::new(), None);
        for fact in self.facts(column) {
            let is_stale = self.names.get(&fact).is_some_and(|name| cell.stale.contains(name));
            let value = match (is_stale, self.newest.get(&fact).copied()) {
                (true, newest) => self.older((column, fact), newest, at, filling, before),
                (false, Some(newest)) => Some(newest),
                (false, None) => {
                    let generation = *new.get_or_insert_with(|| self.next());
                    self.newest.insert(fact, generation);
                    Some(generation)
                }
            };
            match value {
                Some(value) => self.held.insert((column, fact), value),
                None => self.held.remove(&(column, fact)),
            };
            if !held.contains(&value) {
                held.push(value);
            }
        }
        match cell.content {
            Content::Value => held.into_iter().map(|value| self.letter(value)).collect::<Vec<_>>().join("+"),
            other => content(other).to_owned(),
        }
    }

    /// The value of a fact in a column that misses the newest: what it took in this event, else what it held.
    fn older(
        &self,
        (column, fact): (ColumnId, ColumnId),
        newest: Option<Generation>,
        at: usize,
        filling: Option<usize>,
        before: &BTreeMap<(ColumnId, ColumnId), Generation>,
    ) -> Option<Generation> {
        let is_older = |value: &Generation| Some(*value) != newest;
        let taken = |sources: Vec<ColumnId>| {
            sources.into_iter().filter_map(|source| before.get(&(source, fact)).copied()).find(is_older)
        };
        let filled = filling.and_then(|step| self.sources(step, column, at)).map(taken);
        let synced = || {
            let syncs = self.catalogs[at].syncs_of(column).filter(|sync| sync.target == column);
            taken(syncs.flat_map(|sync| sync.source_columns.iter().copied()).collect())
        };
        filled.unwrap_or_else(|| before.get(&(column, fact)).copied().filter(is_older).or_else(synced))
    }

    /// The columns that a fill gives `column` its value from; none where it fills another.
    fn sources(&self, step: usize, column: ColumnId, at: usize) -> Option<Vec<ColumnId>> {
        let effect = self.plan.steps.get(step)?.action.effect(&self.catalogs[at]);
        let fills = |filling: &Filling<'_>| filling.kind != FillingKind::Sync && filling.column == column;
        effect.fills.into_iter().find(fills).map(|filling| filling.sources)
    }

    /// Letters are given out in the order in which values are seen.
    fn letter(&mut self, value: Option<Generation>) -> String {
        let Some(value) = value else { return "?".to_owned() };
        let seen = self.letters.len();
        let place = *self.letters.entry(value).or_insert(seen);
        let letter = char::from(b"abcdefghijklmnopqrstuvwxyz"[place % 26]);
        if place < 26 { letter.to_string() } else { format!("{letter}{}", place / 26) }
    }
}

fn content(content: Content) -> &'static str {
    match content {
        Content::Unset => "unset",
        Content::Null => "null",
        Content::Value => "value",
    }
}
