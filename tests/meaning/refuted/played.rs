//! A schedule, played on memory and on PostgreSQL side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use miglab::ast::Name;
use miglab::catalog::{Catalog, Table};
use miglab::data::Value;
use miglab::engine::postgres::{Operation, Work, quote};
use miglab::plan::{Action, ColumnName, Plan};
use miglab::prove::{Anomaly, AnomalyKind, EventKind, Schedule, ScheduleEvent};
use miglab::replay::{Played, Replay, ReplayOutcome};
use postgres::Client;

use crate::common::both::{Both, literal};

/// How it ended.
pub enum Ended {
    /// In the anomaly, on both.
    Shown,
    /// It was left before its end, or says nothing about a database.
    Apart(&'static str),
}

/// Plays it to its end, and panics where PostgreSQL does something else than the memory. `failing` are the statements of
/// which other schedules say that they fail.
pub fn play(
    plan: &Arc<Plan>,
    replay: Replay,
    schedule: &Schedule,
    failing: &BTreeSet<usize>,
    client: Client,
    name: &str,
) -> Ended {
    let both = Both::start(Arc::clone(plan), replay.memory().clone(), client);
    let keys = Keys::at_start(&replay, schedule);
    let catalog = plan.start.clone();
    let mut stage = Stage {
        both,
        catalog,
        done: 0,
        begun: false,
        visited: Vec::new(),
        undos: Vec::new(),
        keys,
        rolls_back: false,
        name,
    };
    stage.both.compare(&format!("at the start of {name}"));
    stage.play(replay, schedule, failing)
}

/// The primary keys of the two rows that a schedule may speak of.
struct Keys([Option<String>; 2]);

impl Keys {
    /// Of two rows the first is the schedule's own; a single one is the other's where the own one is inserted first.
    fn at_start(replay: &Replay, schedule: &Schedule) -> Self {
        let rows: Vec<String> = replay
            .rows()
            .iter()
            .flat_map(|(_, selected)| selected.rows.iter().map(|row| row.cells[0].value.to_string()))
            .collect();
        let first_of_own = schedule.events.iter().find(|event| !event.other_row && uses_row(event));
        let comes_later = matches!(first_of_own.map(|event| &event.kind), Some(EventKind::Insert { .. }));
        match rows.as_slice() {
            [one] if comes_later => Self([None, Some(one.clone())]),
            rows => Self([rows.first().cloned(), rows.get(1).cloned()]),
        }
    }

    fn of(&self, event: &ScheduleEvent) -> String {
        self.0[usize::from(event.other_row)].clone().unwrap_or_else(|| "null".to_owned())
    }
}

fn uses_row(event: &ScheduleEvent) -> bool {
    !matches!(event.kind, EventKind::Step(_) | EventKind::Undo(_) | EventKind::Visit { .. })
}

struct Stage<'a> {
    both: Both,
    catalog: Catalog,
    /// How many statements have ended.
    done: usize,
    /// The statement after them has come by a row.
    begun: bool,
    /// The keys of those rows.
    visited: Vec<String>,
    /// The statements that have begun, each with what it did and the schema before it.
    undos: Vec<(usize, Vec<Operation>, Catalog)>,
    keys: Keys,
    rolls_back: bool,
    name: &'a str,
}

impl Stage<'_> {
    fn play(&mut self, mut replay: Replay, schedule: &Schedule, failing: &BTreeSet<usize>) -> Ended {
        for event in &schedule.events {
            if self.leaves_a_default_to_follow(event) {
                return Ended::Apart("an insert leaves to its default what another column follows");
            }
            let anomaly = replay.anomaly().clone();
            let played = match replay.step().expect("there are as many as the schedule has") {
                Ok(played) => played,
                Err(fault) if fault.message.contains("live") => {
                    return Ended::Apart("a deployment that is refused before anything is done");
                }
                Err(_) if failing.range(..=event.position).next().is_some() => {
                    return Ended::Apart("a statement before it fails on this row");
                }
                Err(fault) => panic!("{}: {fault:?}", self.name),
            };
            let when = format!("after event {} ({:?}) of {}", played.number, event.kind, self.name);
            if replay.outcome().is_some_and(|outcome| !outcome.is_confirmed()) {
                return Ended::Apart("another mistake of the plan is in the way on memory already");
            }
            if let Err(why) = self.event(event, &played, &anomaly, &when) {
                return Ended::Apart(why);
            }
            self.both.memory = replay.memory().clone();
            self.rolls_back |= matches!(event.kind, EventKind::Undo(_));
            match (&played.refused, self.rolls_back) {
                (Some(_), _) => {}
                (None, false) => self.both.compare(&when),
                (None, true) => self.compare_start(&when),
            }
        }
        match replay.outcome().expect("the last event was played") {
            ReplayOutcome::Confirmed { visible: Some(false), .. } => Ended::Apart("the values do not show it"),
            _ => Ended::Shown,
        }
    }

    /// In a rollback what a fill has filled stands until its column goes: only the columns of the start are compared.
    fn compare_start(&mut self, when: &str) {
        let start: Vec<Arc<Table>> = self.both.plan.start.tables().cloned().collect();
        for table in start {
            let Some(now) = self.both.memory.catalog().table(&table.name).cloned() else { continue };
            let from_start: Vec<bool> = now.columns().map(|column| table.column_by_id(column.id).is_some()).collect();
            let only = |rows: Vec<Vec<Option<String>>>| -> Vec<Vec<Option<String>>> {
                let cells = |row: Vec<Option<String>>| {
                    row.into_iter().zip(&from_start).filter(|(_, kept)| **kept).map(|(cell, _)| cell).collect()
                };
                rows.into_iter().map(cells).collect()
            };
            let expected = only(self.both.rows_in_memory(&now));
            let found = only(self.both.rows_in_postgres(&now));
            assert_eq!(found, expected, "PostgreSQL (left) and memory differ in `{}` {when}", table.name);
        }
    }

    /// A trigger cannot tell a default that was left to stand from one that was given.
    fn leaves_a_default_to_follow(&self, event: &ScheduleEvent) -> bool {
        let EventKind::Insert { table, columns, .. } = &event.kind else { return false };
        let Some(schema) = self.catalog.table(table) else { return false };
        let left = |name: &Name| columns.iter().all(|column| column.column != *name);
        let followed = |id| self.catalog.syncs_of(id).next().is_some();
        schema.columns().any(|column| column.default.is_some() && left(&column.name) && followed(column.id))
    }

    fn event(
        &mut self,
        event: &ScheduleEvent,
        played: &Played,
        anomaly: &Anomaly,
        when: &str,
    ) -> Result<(), &'static str> {
        self.catch_up(event.position);
        let key = self.keys.of(event);
        let done = match &event.kind {
            EventKind::Step(step) => {
                if matches!(self.both.plan.steps[*step].action, Action::Deploy(_) | Action::Retire(_))
                    && played.refused.is_some()
                {
                    return Err("a deployment that is refused before anything is done");
                }
                // The visits to the own row are events; where there is none, the schedule does not care.
                self.visited.extend(self.keys.0[0].clone());
                self.end(*step)
            }
            EventKind::Visit { step, .. } => self.visit(*step, &key),
            EventKind::Undo(step) => self.undo(*step),
            EventKind::Read { app, column } => self.read(app, column, &key, played, when),
            EventKind::Write { app, .. } => self.update(app, &key, played),
            EventKind::Insert { app, table, .. } => {
                let done = self.insert(app, table, played);
                let id = played.values.iter().find(|(column, _)| &*column.column == "id");
                self.keys.0[usize::from(event.other_row)] = id.map(|(_, value)| value.to_string());
                done
            }
            EventKind::Delete { table, .. } => {
                self.execute(&format!("delete from {} where id = {key}", quote::ident(table)))
            }
        };
        Self::judge(&done, played, anomaly, when);
        Ok(())
    }

    /// What memory refuses PostgreSQL refuses for the same reason, and nothing else.
    fn judge(done: &Result<(), String>, played: &Played, anomaly: &Anomaly, when: &str) {
        let Some(refused) = &played.refused else {
            return assert!(done.is_ok(), "PostgreSQL refuses what memory takes: {done:?}\n{when}");
        };
        let Err(error) = done else { panic!("PostgreSQL takes what memory refuses ({refused:?}) {when}") };
        let expected: &[&str] = match anomaly.kind {
            AnomalyKind::BrokenUse => &["42703", "42P01"],
            AnomalyKind::RejectedWrite => &["23502", "23505", "23514", "23503", "22001"],
            _ => &[""],
        };
        assert!(expected.iter().any(|code| error.contains(code)), "{error}\nmemory: {refused:?}\n{when}");
    }

    /// Ends the statements before a position that the schedule passes over.
    fn catch_up(&mut self, position: usize) {
        while self.done < position.min(self.both.plan.steps.len()) {
            self.end(self.done).unwrap_or_else(|error| panic!("{error}\nin {}", self.name));
        }
    }

    /// What is left to do of a statement.
    fn works(&mut self, step: usize) -> Vec<Work> {
        let action = &self.both.plan.steps[step].action;
        let all = self.both.translated(action, &self.catalog, step);
        let all = all.unwrap_or_else(|fault| panic!("{fault:?}\nin {}", self.name));
        let works = all.iter().map(|operation| operation.work.clone());
        let works = works.filter(|work| matches!(work, Work::Rows(_)) || !self.begun).collect();
        if !self.begun {
            self.undos.push((step, all, self.catalog.clone()));
        }
        works
    }

    /// Rolls a statement back, and those after it.
    fn undo(&mut self, step: usize) -> Result<(), String> {
        while let Some((_, all, catalog)) = self.undos.pop_if(|(of, ..)| *of >= step) {
            for work in all.iter().rev().flat_map(|operation| &operation.undo) {
                self.both.perform_over(work, "true")?;
            }
            self.catalog = catalog;
        }
        (self.done, self.begun) = (step, false);
        self.visited.clear();
        Ok(())
    }

    /// Ends a statement: of a fill, the rows that it has not come by yet.
    fn end(&mut self, step: usize) -> Result<(), String> {
        let left: Vec<String> = self.visited.iter().map(|key| format!("r.id <> {key}")).collect();
        let range = if left.is_empty() { "true".to_owned() } else { left.join(" and ") };
        for work in self.works(step) {
            self.both.perform_over(&work, &range)?;
        }
        self.catalog.apply(&self.both.plan.steps[step].action);
        self.done = step + 1;
        self.begun = false;
        self.visited.clear();
        Ok(())
    }

    /// A fill comes by a row.
    fn visit(&mut self, step: usize, key: &str) -> Result<(), String> {
        for work in self.works(step) {
            self.both.perform_over(&work, &format!("r.id = {key}"))?;
        }
        self.begun = true;
        self.visited.push(key.to_owned());
        Ok(())
    }

    fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.both.client.batch_execute(sql).map_err(|error| format!("{sql}\n{error:?}"))
    }

    /// What is read is what memory gives; what a stale or an unset value is, the rows beside it say, which are the same.
    fn read(&mut self, app: &Name, column: &ColumnName, key: &str, played: &Played, when: &str) -> Result<(), String> {
        if played.refused.is_some() {
            return self.use_all(app);
        }
        let sql = format!(
            "select {}::text from {} where id = {key}",
            quote::ident(&column.column),
            quote::ident(&column.table)
        );
        let rows = self.both.client.query(&sql, &[]).map_err(|error| format!("{sql}\n{error:?}"))?;
        let found: Option<String> = rows.first().and_then(|row| row.get(0));
        let expected = played.values.first().filter(|(_, value)| !value.is_null());
        assert_eq!(found, expected.map(|(_, value)| value.to_string()), "{sql} {when}");
        Ok(())
    }

    /// An application that cannot work fails with the first statement that names all its columns.
    fn use_all(&mut self, app: &Name) -> Result<(), String> {
        let app = self.both.plan.apps.iter().find(|known| known.name == *app).expect("it is in the plan").clone();
        for column in app.reads.iter().chain(&app.writes) {
            self.execute(&format!("select {} from {}", quote::ident(&column.column), quote::ident(&column.table)))?;
        }
        Ok(())
    }

    fn literal(&self, column: &ColumnName, value: &Value) -> String {
        let found = self.catalog.column(&column.table, &column.column);
        found.map_or_else(|| quote::text(&value.to_string()), |found| literal(value, &found.ty.to_string()))
    }

    fn update(&mut self, app: &Name, key: &str, played: &Played) -> Result<(), String> {
        let Some((first, _)) = played.values.first() else { return self.use_all(app) };
        let sets: Vec<String> = played
            .values
            .iter()
            .map(|(column, value)| format!("{} = {}", quote::ident(&column.column), self.literal(column, value)))
            .collect();
        let sql = format!("update {} set {} where id = {key}", quote::ident(&first.table), sets.join(", "));
        self.execute(&sql).and_then(|()| if played.refused.is_some() { self.use_all(app) } else { Ok(()) })
    }

    fn insert(&mut self, app: &Name, table: &Name, played: &Played) -> Result<(), String> {
        let names = played.values.iter().map(|(column, _)| &*column.column);
        let values: Vec<String> = played.values.iter().map(|(column, value)| self.literal(column, value)).collect();
        let sql =
            format!("insert into {} ({}) values ({})", quote::ident(table), quote::idents(names), values.join(", "));
        self.execute(&sql).and_then(|()| if played.refused.is_some() { self.use_all(app) } else { Ok(()) })
    }
}
