//! Whether what happened in the end is the anomaly that was claimed.

use crate::ast::Name;
use crate::data::Value;
use crate::engine::memory::AppState;
use crate::engine::{Fault, FaultKind};
use crate::plan::{ColumnName, FactId};
use crate::prove::{Anomaly, AnomalyKind};
use crate::replay::stage::{Owner, Stage, Values, bits, id_of, is_constraint};

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// In the anomaly that was claimed.
    Confirmed {
        /// What happened, in words.
        said: String,
        /// Whether the values show it as well: a stale value differs from the newest, a lost one is nowhere any more.
        /// None where that cannot be said.
        visible: Option<bool>,
    },
    /// In something else.
    Differs {
        /// What happened instead, in words.
        said: String,
    },
}

impl ReplayOutcome {
    /// Whether it ended in the anomaly that was claimed.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed { .. })
    }
}

fn confirmed(said: String) -> ReplayOutcome {
    ReplayOutcome::Confirmed { said, visible: None }
}

fn differs(said: impl Into<String>) -> ReplayOutcome {
    ReplayOutcome::Differs { said: said.into() }
}

/// The last event, as it went.
pub(super) struct Last<'a> {
    pub(super) owner: Owner,
    pub(super) refused: Option<&'a Fault>,
    /// What was read, where it was a read.
    pub(super) read: Option<&'a Value>,
    /// Everything that applications wrote, oldest first.
    pub(super) written: &'a Values,
}

impl Stage {
    pub(super) fn judge(&self, anomaly: &Anomaly, last: &Last<'_>) -> ReplayOutcome {
        match anomaly.kind {
            AnomalyKind::BrokenUse => self.broken(anomaly, last),
            AnomalyKind::UnsetRead | AnomalyKind::StaleRead => self.misread(anomaly, last),
            AnomalyKind::LostWrite => self.lost(anomaly, last),
            AnomalyKind::RejectedWrite => match last.refused {
                Some(fault) if is_constraint(fault) && names(anomaly, fault) => confirmed(fault.message.clone()),
                Some(fault) if fault.kind == FaultKind::Value && is_of_expression(anomaly) => {
                    confirmed(fault.message.clone())
                }
                Some(fault) => differs(format!("the write was refused for another reason: {}", fault.message)),
                None => differs("the write was accepted"),
            },
            AnomalyKind::FailingStep => match last.refused {
                Some(fault) => confirmed(fault.message.clone()),
                None => differs("the statement succeeded"),
            },
        }
    }

    fn broken(&self, anomaly: &Anomaly, last: &Last<'_>) -> ReplayOutcome {
        let Some(fault) = last.refused else { return differs("the application worked") };
        let state = anomaly.app.as_ref().map(|app| self.memory.app_state(app));
        match state {
            Some(Ok(AppState::Breaks(_))) if fault.kind == FaultKind::Missing => confirmed(fault.message.clone()),
            _ => differs(format!("it was refused for another reason: {}", fault.message)),
        }
    }

    fn misread(&self, anomaly: &Anomaly, last: &Last<'_>) -> ReplayOutcome {
        if let Some(fault) = last.refused {
            let no_row = self.read_of_no_row(anomaly, last.owner);
            return no_row.unwrap_or_else(|| differs(format!("the read was refused: {}", fault.message)));
        }
        let (Some(column), Some(read)) = (&anomaly.column, last.read) else { return differs("nothing was read") };
        let Some(state) = self.state(last.owner, column) else { return differs("the column does not exist") };
        let (stale, unset) = bits(state);
        let reader = anomaly.app.as_deref().unwrap_or("?");
        match anomaly.kind {
            AnomalyKind::UnsetRead if anomaly.constraint.is_some() && read.is_null() => ReplayOutcome::Confirmed {
                said: format!("`{reader}` reads null in `{}`, which was not null when it started", column.column),
                visible: Some(true),
            },
            AnomalyKind::UnsetRead if read.is_null() => {
                let known = self.known_elsewhere(last.owner, column, if unset { stale } else { u64::MAX });
                match known {
                    None => differs(format!("`{column}` is unset, and no other column has a value for it")),
                    Some((other, value)) => ReplayOutcome::Confirmed {
                        said: format!(
                            "`{reader}` reads null in `{}`, while {} is in `{}`",
                            column.column,
                            value.literal(),
                            other.column
                        ),
                        visible: Some(true),
                    },
                }
            }
            AnomalyKind::StaleRead if !unset && stale != 0 => {
                let newest = self.newest(last.owner, column, read);
                let said = format!("`{reader}` reads {} in `{}`, which is stale", read.literal(), column.column);
                ReplayOutcome::Confirmed { said, visible: newest }
            }
            _ => differs(format!("`{column}` holds {}, which is {}", read.literal(), word(stale, unset))),
        }
    }

    /// The reader finds no row at all, while another table has a value for the column.
    fn read_of_no_row(&self, anomaly: &Anomaly, owner: Owner) -> Option<ReplayOutcome> {
        let column = anomaly.column.as_ref().filter(|_| anomaly.kind == AnomalyKind::UnsetRead)?;
        id_of(&self.memory, column)?;
        if self.row_of(owner, &column.table).is_some() {
            return None;
        }
        let (other, value) = self.known_elsewhere(owner, column, u64::MAX)?;
        let reader = anomaly.app.as_deref().unwrap_or("?");
        let said = format!("`{reader}` finds no row in `{}`, while {} is in `{other}`", column.table, value.literal());
        Some(ReplayOutcome::Confirmed { said, visible: Some(true) })
    }

    /// A column beside this one that is fresh for one of these facts (bits) and not null.
    fn known_elsewhere(&self, owner: Owner, column: &ColumnName, stale: u64) -> Option<(ColumnName, Value)> {
        let facts = &self.plan.facts;
        let own = id_of(&self.memory, column)?;
        self.columns().into_iter().filter(|other| other != column).find_map(|other| {
            let id = id_of(&self.memory, &other)?;
            let shared = facts.of(own).iter().filter(|fact| facts.of(id).contains(fact));
            let shared = shared.map(|fact| facts.bit(*fact)).fold(0, |all, bit| all | bit) & stale;
            let (behind, _) = bits(self.state(owner, &other)?);
            let value = self.value(owner, &other.table, &other.column).filter(|value| !value.is_null())?;
            (shared & !behind != 0).then_some((other, value))
        })
    }

    /// Whether the value that was read differs from what a fresh column says; none where the two cannot be compared.
    fn newest(&self, owner: Owner, column: &ColumnName, read: &Value) -> Option<bool> {
        let fresh = |column: &ColumnName| self.state(owner, column).is_some_and(|state| bits(state) == (0, false));
        self.known.derivations.iter().find_map(|derivation| {
            let input = |name: &Name| ColumnName { table: derivation.source.clone(), column: name.clone() };
            let inputs: Vec<ColumnName> = derivation.value.inputs().iter().map(input).collect();
            let follows = derivation.target == *column && inputs.iter().all(fresh);
            let leads = inputs.contains(column) && fresh(&derivation.target);
            if inputs.is_empty() || !(follows || leads) {
                return None;
            }
            let values: Option<Vec<Value>> =
                inputs.iter().map(|input| self.value(owner, &input.table, &input.column)).collect();
            let made = derivation.value.eval(&values?, self.memory.now_micros()).ok()?;
            let target = &derivation.target;
            let there = if follows { read.clone() } else { self.value(owner, &target.table, &target.column)? };
            Some(made != there)
        })
    }

    fn lost(&self, anomaly: &Anomaly, last: &Last<'_>) -> ReplayOutcome {
        if let Some(fault) = last.refused {
            let finds_no_row = anomaly.app.is_some() && fault.kind == FaultKind::Missing;
            let said = fault.message.clone();
            return if finds_no_row { confirmed(said) } else { differs(format!("the last event was refused: {said}")) };
        }
        if anomaly.app.is_some() {
            return differs("the row is there");
        }
        let Some(column) = &anomaly.column else { return differs("nothing says what is lost") };
        let facts = &self.plan.facts;
        let carried: Vec<FactId> = self.known.ids(column).flat_map(|id| facts.of(id).iter().copied()).collect();
        let lost: Vec<FactId> =
            carried.iter().copied().filter(|fact| !self.is_known(Owner::Row, *fact, last.written)).collect();
        let Some(fact) = lost.first() else {
            return differs(format!("a column still has the newest value of `{column}`"));
        };
        let (visible, said) = self.lost_value(*fact, last.written, column);
        ReplayOutcome::Confirmed { said, visible }
    }

    /// Whether some cell of a row is fresh for a fact.
    fn is_known(&self, owner: Owner, fact: FactId, written: &Values) -> bool {
        let facts = &self.plan.facts;
        self.columns().iter().any(|column| {
            let carries = id_of(&self.memory, column).is_some_and(|id| facts.of(id).contains(&fact));
            let state = self.state(owner, column).map(bits);
            let is_fresh = carries && state.is_some_and(|(stale, _)| stale & facts.bit(fact) == 0);
            is_fresh
                && (self.is_null(fact, written)
                    || self.value(owner, &column.table, &column.column) != Some(Value::Null))
        })
    }

    /// Whether the newest value of a fact is null, or nobody has written one.
    fn is_null(&self, fact: FactId, written: &Values) -> bool {
        let carries = |name: &ColumnName| self.known.ids(name).any(|id| self.plan.facts.of(id).contains(&fact));
        let newest = self.started_with.iter().chain(written).rev().find(|(name, _)| carries(name));
        newest.is_none_or(|(_, value)| value.is_null())
    }

    fn lost_value(&self, fact: FactId, written: &Values, column: &ColumnName) -> (Option<bool>, String) {
        let carries = |name: &ColumnName| self.known.ids(name).any(|id| self.plan.facts.of(id).contains(&fact));
        let Some((by, value)) = written.iter().rev().find(|(name, _)| carries(name)) else {
            return (None, format!("no column holds the newest value of `{column}` any more"));
        };
        let holds = |other: &ColumnName| self.value(Owner::Row, &other.table, &other.column).as_ref() == Some(value);
        let left = self.columns().iter().filter(|name| carries(name)).any(holds);
        let said = format!(
            "{}, written to `{}`, is the newest value, and no column holds it any more",
            value.literal(),
            by.column
        );
        (Some(!left), said)
    }

    fn columns(&self) -> Vec<ColumnName> {
        let tables = self.memory.catalog().tables();
        let columns = tables.flat_map(|table| {
            table.columns().map(|column| ColumnName { table: table.name.clone(), column: column.name.clone() })
        });
        columns.collect()
    }
}

/// Whether a fault speaks of the constraint that was claimed, where the claim names one.
fn names(anomaly: &Anomaly, fault: &Fault) -> bool {
    let Some(words) = &anomaly.constraint else { return true };
    let kind = match fault.kind {
        FaultKind::NotNull => "not null",
        FaultKind::Unique => "unique",
        FaultKind::Check => "check",
        FaultKind::ForeignKey => "foreign key",
        _ => return false,
    };
    let kinds = ["not null", "unique", "check", "foreign key", "primary key"];
    match kinds.into_iter().find(|known| words.starts_with(known)) {
        Some("primary key") => matches!(fault.kind, FaultKind::NotNull | FaultKind::Unique),
        Some(known) => known == kind,
        None => true,
    }
}

/// Whether it is an expression that fails, and not a constraint that refuses.
fn is_of_expression(anomaly: &Anomaly) -> bool {
    anomaly.constraint.as_deref().is_some_and(|what| what.starts_with("the expression of"))
}

fn word(stale: u64, unset: bool) -> &'static str {
    match (stale, unset) {
        (0, false) => "fresh",
        (_, false) => "stale",
        (0, true) => "null on purpose",
        (_, true) => "unset",
    }
}
