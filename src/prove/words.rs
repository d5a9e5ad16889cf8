//! Events and anomalies in words, for whoever tells of a schedule.

use crate::phrase::joined;
use crate::plan::{ColumnName, FillingKind, Plan};
use crate::prove::Shown;
use crate::prove::proof::{Anomaly, AnomalyKind, Beside, EventKind, NoReturn, ScheduleEvent, WhyNoReturn};

/// Names columns as a reader of one plan would: without the table where it is the only one.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    plan: &'a Plan,
}

impl<'a> Words<'a> {
    /// Words for a plan.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan }
    }

    /// `` `username` ``, or `` `users.username` `` where the plan is about several tables.
    #[must_use]
    pub fn column(&self, column: &ColumnName) -> String {
        format!("`{}`", self.plain_column(column))
    }

    /// The same without the backticks.
    #[must_use]
    pub fn plain_column(&self, column: &ColumnName) -> String {
        let is_default = self.plan.default_table.as_ref() == Some(&column.table);
        if is_default { column.column.to_string() } else { column.to_string() }
    }

    /// Several columns, as a list in a sentence.
    #[must_use]
    pub fn columns(&self, columns: &[ColumnName]) -> String {
        let names: Vec<String> = columns.iter().map(|column| self.column(column)).collect();
        joined(&names)
    }

    /// "`zip` = 'n/a' and `city`": columns, with the values that are known of them.
    fn assigned<'c>(self, columns: impl Iterator<Item = &'c ColumnName>, shown: &[&Shown]) -> String {
        let one = |column: &ColumnName| match shown.iter().find(|shown| shown.column == *column) {
            Some(shown) => format!("{} = {}", self.column(column), shown.literal),
            None => self.column(column),
        };
        joined(&columns.map(one).collect::<Vec<_>>())
    }

    /// The row of a witness: "`zip` = 'n/a'".
    #[must_use]
    pub fn values(&self, shown: &[&Shown]) -> String {
        self.assigned(shown.iter().map(|shown| &shown.column), shown)
    }

    /// The noun of a statement that goes through rows.
    fn fill(self, step: usize) -> &'static str {
        let effect = self.plan.steps.get(step).map(|step| step.action.effect(&self.plan.start));
        let kind = effect.and_then(|effect| Some(effect.fills.first()?.kind));
        kind.unwrap_or(FillingKind::Backfill).noun()
    }

    /// What happens in an event, as a clause: "the backfill processes the row", "`v1` writes `username`".
    #[must_use]
    pub fn event(&self, event: &ScheduleEvent) -> String {
        self.event_with(event, &[])
    }

    /// The same, with the values that come in with the event.
    #[must_use]
    pub fn event_with(&self, event: &ScheduleEvent, shown: &[&Shown]) -> String {
        let row = if event.other_row { "another row" } else { "the row" };
        match &event.kind {
            EventKind::Step(step) => self.plan.steps.get(*step).map_or_else(String::new, |step| step.title.clone()),
            EventKind::Undo(step) => {
                let title = self.plan.steps.get(*step).map_or("", |step| &step.title);
                format!("rolled back: {title}")
            }
            EventKind::Visit { step, again, treats } => {
                let fill = format!("the {}", self.fill(*step));
                let does = if *treats { "processes" } else { "skips" };
                if *again {
                    format!("the run crashes and resumes: {fill} {does} {row} again")
                } else {
                    format!("{fill} {does} {row}")
                }
            }
            EventKind::Read { app, column } => format!("`{app}` reads {}", self.column(column)),
            EventKind::Write { app, columns, as_is: true, .. } => {
                let stay = if columns.len() == 1 { "as it is" } else { "as they are" };
                format!("`{app}` writes {} {stay}", self.columns(columns))
            }
            EventKind::Write { app, columns, null, .. } => {
                let other = if event.other_row { " in another row" } else { "" };
                let values = self.assigned(columns.iter().filter(|column| !null.contains(column)), shown);
                match (values.is_empty(), null.is_empty()) {
                    (true, _) => format!("`{app}` writes null to {}{other}", self.columns(null)),
                    (_, true) => format!("`{app}` writes {values}{other}"),
                    _ => format!("`{app}` writes {values}, and null to {}{other}", self.columns(null)),
                }
            }
            EventKind::Insert { app, table, null, .. } => {
                let values = shown.iter().map(|shown| &shown.column).filter(|column| !null.contains(column));
                let to_null = (!null.is_empty()).then(|| format!("{} null", self.columns(null)));
                let values = Some(self.assigned(values, shown)).filter(|values| !values.is_empty());
                let with: Vec<String> = values.into_iter().chain(to_null).collect();
                let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
                let row = if event.other_row { "another row" } else { "a row" };
                format!("`{app}` inserts {row} into `{table}`{with}")
            }
            EventKind::Delete { app, table } => format!("`{app}` deletes the row of `{table}`"),
        }
    }

    /// What a rollback would lose behind the point of no return, as a sentence; `place` says which statement is meant.
    #[must_use]
    pub fn no_return(&self, no_return: &NoReturn, place: &dyn Fn(usize) -> String) -> String {
        match &no_return.why {
            WhyNoReturn::Loses { column, .. } => {
                format!("undoing would lose what applications have written to {}", self.column(column))
            }
            WhyNoReturn::Breaks { undoing, constraint, app } => format!(
                "rows that `{app}` writes may break {constraint}, and then undoing {} cannot put it back for all rows",
                place(*undoing)
            ),
            WhyNoReturn::NotKept { table } => format!(
                "a rollback leaves the rows of `{table}` as this statement made them: without a primary key nothing is kept \
                 of them"
            ),
        }
    }

    /// What an anomaly is, as the end of a clause: "stale", "null in `username`, which is not null".
    #[must_use]
    pub fn anomaly(&self, anomaly: &Anomaly) -> String {
        let column = anomaly.column.as_ref().map(|column| self.column(column)).unwrap_or_default();
        let constraint = anomaly.constraint.as_deref().unwrap_or("a constraint");
        match anomaly.kind {
            AnomalyKind::BrokenUse if anomaly.column.is_none() => format!("there is no {constraint}"),
            AnomalyKind::BrokenUse => format!("{column} does not exist"),
            AnomalyKind::UnsetRead if anomaly.constraint.is_some() => "null".to_owned(),
            AnomalyKind::UnsetRead => "unset".to_owned(),
            AnomalyKind::StaleRead => "stale".to_owned(),
            AnomalyKind::LostWrite if anomaly.app.is_some() => format!("there is no {constraint}"),
            AnomalyKind::LostWrite => format!("the newest value of {column} is gone"),
            AnomalyKind::RejectedWrite => format!("rejected by {constraint}{}", beside(anomaly)),
            AnomalyKind::FailingStep => format!("fails on {constraint}{}", beside(anomaly)),
        }
    }

    /// What an anomaly is, as a sentence: "`v2` reads an old value of `display_name`".
    #[must_use]
    pub fn finding(&self, anomaly: &Anomaly) -> String {
        let app = anomaly.app.as_ref().map_or_else(|| "an application".to_owned(), |app| format!("`{app}`"));
        let column = anomaly.column.as_ref().map_or_else(|| "a column".to_owned(), |column| self.column(column));
        let constraint = anomaly.constraint.as_deref().unwrap_or("a constraint");
        match anomaly.kind {
            AnomalyKind::BrokenUse if anomaly.column.is_none() => {
                format!("{app} inserts with `on conflict`, and there is no {constraint}")
            }
            AnomalyKind::BrokenUse => format!("{app} uses {column}, which does not exist"),
            AnomalyKind::UnsetRead if anomaly.constraint.is_some() => {
                format!("{app} reads null in {column}, which was not null when it started")
            }
            AnomalyKind::UnsetRead => format!("{app} reads {column}, which has no value where one was written"),
            AnomalyKind::StaleRead => format!("{app} reads an old value of {column}"),
            AnomalyKind::LostWrite if anomaly.app.is_some() => {
                format!("{app} updates {column} where there is no {constraint}, and never inserts one")
            }
            AnomalyKind::LostWrite => format!("no column holds the newest value of {column} any more"),
            AnomalyKind::RejectedWrite => format!("a write of {app} is rejected by {constraint}"),
            AnomalyKind::FailingStep => format!("the statement fails on {constraint}"),
        }
    }
}

/// What the other row has to do with it.
fn beside(anomaly: &Anomaly) -> String {
    match &anomaly.beside {
        None => String::new(),
        Some(Beside::HasThem) => ", as another row has the same value".to_owned(),
        Some(Beside::StillHasThem) => ", as this row still has the value".to_owned(),
        Some(Beside::ComesToThem) => ", as both rows come to one value".to_owned(),
        Some(Beside::Missing(table)) => format!(", as `{table}` has no such row"),
    }
}
