//! The states of one plan, written as a model for stateright: what an engineer would write who follows the definition of
//! the proof (an event for each write, insert, delete, visit and end of a statement), with plain data structures.

use stateright::{Checker, Model, Property};

/// Six parts of an address become a label and a text to search for. They are filled before the syncs stand, so that many
/// mixtures of fresh and stale come about, and once more afterwards.
pub const PLAN: &str = "\
migration \"Labels\" on addresses

table addresses {
    id      integer primary key
    street  text
    house   text
    zip     text
    city    text
    region  text
    country text
}

app v1 { uses street, house, zip, city, region, country }
app v2 { reads label, search  writes street, house, zip, city, region, country }
app reports { reads street, city, country }

expand add column label text
expand add column search text
migrate backfill label from concat_ws(' ', street, house, zip, city, region, country)
migrate backfill search from lower(concat_ws(' ', street, house, zip, city, region, country))
expand sync label from concat_ws(' ', street, house, zip, city, region, country)
expand sync search from lower(concat_ws(' ', street, house, zip, city, region, country))
migrate backfill label from concat_ws(' ', street, house, zip, city, region, country)
migrate backfill search from lower(concat_ws(' ', street, house, zip, city, region, country))
deploy v2
retire v1
";

/// The parts, each a fact.
const PARTS: usize = 6;
const LABEL: usize = PARTS;
const SEARCH: usize = PARTS + 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Statement {
    Add,
    Backfill(usize),
    Sync,
    Deploy,
    Retire,
}

const STATEMENTS: [Statement; 10] = [
    Statement::Add,
    Statement::Add,
    Statement::Backfill(LABEL),
    Statement::Backfill(SEARCH),
    Statement::Sync,
    Statement::Sync,
    Statement::Backfill(LABEL),
    Statement::Backfill(SEARCH),
    Statement::Deploy,
    Statement::Retire,
];

/// When the syncs begin to stand, and when the applications live.
const SYNCED_FROM: [usize; 2] = [5, 6];
const DEPLOYED: usize = 9;
const RETIRED: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Content {
    Unset,
    Null,
    Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Column {
    content: Content,
    /// For each fact.
    stale: [bool; PARTS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Row {
    NotYet,
    There(Vec<Column>),
    Deleted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// Statements that have ended.
    position: usize,
    /// The statement under way has come by the row, or need not.
    visited: bool,
    row: Row,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum App {
    V1,
    V2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Write { app: App, part: usize, null: bool },
    Insert { app: App, null: bool },
    Delete { app: App },
    Visit,
    EndStatement,
}

struct Labels;

/// Explores the model; gives the states and how many properties were violated.
pub fn explore() -> (usize, usize) {
    let checker = Labels.checker().spawn_bfs().join();
    (checker.unique_state_count(), checker.discoveries().len())
}

impl Model for Labels {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let part = |null| Column { content: if null { Content::Null } else { Content::Value }, stale: [false; PARTS] };
        let rows = (0..1_u32 << PARTS).map(|nulls| (0..PARTS).map(|at| part(nulls >> at & 1 == 1)).collect());
        let rows = rows.map(Row::There).chain([Row::NotYet]);
        rows.map(|row| State { position: 0, visited: true, row }).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for app in state.writers() {
            match &state.row {
                Row::NotYet => actions.extend([false, true].map(|null| Action::Insert { app, null })),
                Row::There(_) => {
                    for part in 0..PARTS {
                        actions.extend([false, true].map(|null| Action::Write { app, part, null }));
                    }
                    actions.push(Action::Delete { app });
                }
                Row::Deleted => {}
            }
        }
        let Some(statement) = STATEMENTS.get(state.position) else { return };
        let is_there = matches!(state.row, Row::There(_));
        let goes_over_rows = matches!(statement, Statement::Backfill(_));
        if goes_over_rows && is_there {
            actions.push(Action::Visit);
        }
        if !goes_over_rows || !is_there || state.visited {
            actions.push(Action::EndStatement);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        match (action, &mut next.row) {
            (Action::Write { part, null, .. }, Row::There(columns)) => write(columns, part, null, last.position),
            (Action::Insert { null, .. }, row) => *row = Row::There(inserted(null, last.position)),
            (Action::Delete { .. }, row) => *row = Row::Deleted,
            (Action::Visit, Row::There(columns)) => {
                let Statement::Backfill(target) = STATEMENTS[last.position] else { return None };
                compute(columns, target);
                next.visited = true;
            }
            (Action::EndStatement, _) => next.end_statement(),
            _ => return None,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no read of something unset", |_, state: &State| !state.reads_find(Column::is_missed)),
            Property::always("no stale read", |_, state: &State| !state.reads_find(Column::is_stale)),
            Property::always("no write is lost", |_, state: &State| !state.has_lost_a_write()),
        ]
    }
}

impl State {
    /// The live applications that write.
    fn writers(&self) -> impl Iterator<Item = App> {
        let v1 = (self.position < RETIRED).then_some(App::V1);
        v1.into_iter().chain((self.position >= DEPLOYED).then_some(App::V2))
    }

    fn end_statement(&mut self) {
        let statement = STATEMENTS[self.position];
        self.position += 1;
        let mut is_there = false;
        if let Row::There(columns) = &mut self.row {
            is_there = true;
            if statement == Statement::Add {
                columns.push(Column { content: Content::Unset, stale: [true; PARTS] });
            }
        }
        let fills = matches!(STATEMENTS.get(self.position), Some(Statement::Backfill(_)));
        self.visited = !(fills && is_there);
    }

    /// Whether a live application reads a column of which this holds.
    fn reads_find(&self, wrong: fn(&Column) -> bool) -> bool {
        let Row::There(columns) = &self.row else { return false };
        let parts = columns[..PARTS].iter().any(wrong);
        parts || self.position >= DEPLOYED && columns[LABEL..].iter().any(wrong)
    }

    fn has_lost_a_write(&self) -> bool {
        let Row::There(columns) = &self.row else { return false };
        (0..PARTS).any(|fact| columns[fact].stale[fact] && columns[LABEL..].iter().all(|column| column.stale[fact]))
    }
}

impl Column {
    fn is_missed(&self) -> bool {
        self.content == Content::Unset && self.stale.contains(&true)
    }

    fn is_stale(&self) -> bool {
        self.content != Content::Unset && self.stale.contains(&true)
    }
}

fn write(columns: &mut [Column], part: usize, null: bool, position: usize) {
    columns[part].content = if null { Content::Null } else { Content::Value };
    columns[part].stale[part] = false;
    for column in &mut columns[LABEL..] {
        column.stale[part] = true;
    }
    follow(columns, position);
}

/// Lets the syncs fire.
fn follow(columns: &mut [Column], position: usize) {
    for (target, from) in [LABEL, SEARCH].into_iter().zip(SYNCED_FROM) {
        if position >= from {
            compute(columns, target);
        }
    }
}

/// Gives a column the value of its expression, which is never null, with the freshness of the parts.
fn compute(columns: &mut [Column], target: usize) {
    let stale = std::array::from_fn(|fact| columns[fact].stale[fact]);
    columns[target] = Column { content: Content::Value, stale };
}

/// A row as an application inserts it.
fn inserted(null: bool, position: usize) -> Vec<Column> {
    let part = Column { content: if null { Content::Null } else { Content::Value }, stale: [false; PARTS] };
    let empty = Column { content: Content::Unset, stale: [true; PARTS] };
    let mut columns = vec![part; PARTS];
    columns.extend(vec![empty; position.min(2)]);
    follow(&mut columns, position);
    columns
}
