//! The questions of a proof about values, and the search for a row that answers them.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::data::{Type, Value, ValueError};
use crate::expr::Expression;
use crate::obligations::answer::{Answer, Asked};
use crate::obligations::asked;
use crate::obligations::discharge::Outlooks;
use crate::obligations::made;
use crate::obligations::scenario::{Free, Scenario};
use crate::obligations::witness::Witness;
use crate::plan::{Origin, Question, Samples, Seen};

/// Rows that are tried for one question.
const MOST_TRIED: usize = 800;
/// Rows that are tried in any case.
const FEWEST_TRIED: usize = 50;
/// Operations of an expression that are done for one question.
const MOST_STEPS: usize = 1_000_000;

/// Answers questions about values, each once.
#[derive(Debug, Default)]
pub struct Judge {
    known: RefCell<FxHashMap<Key, Settled>>,
    /// What a database could answer, and has not been asked yet.
    pub(super) unasked: RefCell<Vec<Question>>,
}

/// An answer, and the expressions that it is about: they stay where they lie as long as they are kept.
#[derive(Debug)]
struct Settled {
    answer: Answer,
    _kept: Vec<Expression>,
}

/// The value of an expression, if it has one.
type Evaluated = Result<Value, ValueError>;

/// A question: what is asked of which expression, and all that the answer hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    asked: Asked,
    /// The expressions, by where they lie.
    expressions: Vec<usize>,
    /// The table, and the columns and checks that count.
    names: Vec<String>,
    written: bool,
}

impl Judge {
    /// Whether the expression has no value for some row.
    #[must_use]
    pub fn fails(&self, scenario: &Scenario<'_>, table: &str, value: &Expression) -> Answer {
        if value.as_text_of_column().is_some() {
            return Answer::Never;
        }
        let is_unknown = |free: &Free<'_>| free.column.written_type.is_some();
        let looks = value.is_cast_somewhere() || value.holds_unknown_against_constant();
        if looks && scenario.free(table, value).is_some_and(|free| free.iter().any(is_unknown)) {
            return Answer::Open;
        }
        self.ask(Asked::Fails, scenario, table, value, &|_, result| match result {
            Err(error) => Some(error.message.clone()),
            Ok(_) => None,
        })
    }

    /// Whether the value is null where just those of its inputs are null that `nulls` says.
    #[must_use]
    pub fn is_null(&self, scenario: &Scenario<'_>, table: &str, value: &Expression, nulls: &[bool]) -> Answer {
        self.ask(Asked::Null(nulls.to_vec()), scenario, table, value, &|inputs, result| {
            (fits(inputs, nulls) && *result == Ok(Value::Null)).then(|| "null".to_owned())
        })
    }

    /// Whether the value is not null where just those of its inputs are null that `nulls` says.
    #[must_use]
    pub fn is_some(&self, scenario: &Scenario<'_>, table: &str, value: &Expression, nulls: &[bool]) -> Answer {
        self.ask(Asked::Some(nulls.to_vec()), scenario, table, value, &|inputs, result| match result {
            Ok(value) if fits(inputs, nulls) && !value.is_null() => Some(value.literal()),
            _ => None,
        })
    }

    /// Whether some row makes a condition false.
    #[must_use]
    pub fn is_false(&self, scenario: &Scenario<'_>, table: &str, condition: &Expression) -> Answer {
        self.ask(Asked::False, scenario, table, condition, &|_, result| {
            (*result == Ok(Value::Boolean(false))).then(|| "false".to_owned())
        })
    }

    /// Whether some row breaks a check: it makes it false, or the check itself fails.
    #[must_use]
    pub fn breaks(&self, scenario: &Scenario<'_>, table: &str, check: &Expression) -> Answer {
        match self.is_false(scenario, table, check) {
            Answer::Never => self.fails(scenario, table, check),
            answer => answer,
        }
    }

    /// Whether a condition is known to be false for no row.
    #[must_use]
    pub fn always_holds(&self, scenario: &Scenario<'_>, table: &str, condition: &Expression) -> bool {
        let Some(free) = scenario.free(table, condition) else { return false };
        let outlooks = Outlooks { scenario, table, free: &free };
        Asked::False.is_excluded(&outlooks, condition) == Some(true)
    }

    fn ask(
        &self,
        asked: Asked,
        scenario: &Scenario<'_>,
        table: &str,
        value: &Expression,
        sees: &dyn Fn(&[Value], &Evaluated) -> Option<String>,
    ) -> Answer {
        let Some(free) = scenario.free(table, value) else { return Answer::Open };
        let (key, kept) = key(asked, scenario, table, value, &free);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.answer.clone();
        }
        let outlooks = Outlooks { scenario, table, free: &free };
        let answer = if key.asked.is_excluded(&outlooks, value) == Some(true) {
            Answer::Never
        } else {
            let at_the_end = key.asked == Asked::Fails && outlooks.fails_at_the_end_only(value);
            let answer = Search { scenario, table, value, free: &free, at_the_end, sees }.answer();
            self.with_rows(answer, scenario.samples, asked::question(&key.asked, &outlooks, value))
        };
        self.known.borrow_mut().insert(key, Settled { answer: answer.clone(), _kept: kept });
        answer
    }
}

impl Judge {
    /// An answer, together with what a database says of its rows.
    pub(super) fn with_rows(&self, answer: Answer, samples: &Samples, question: Option<Question>) -> Answer {
        let is_seen = answer.witness().is_some_and(|witness| witness.origin != Origin::Made);
        match question.filter(|_| answer != Answer::Never && !is_seen) {
            Some(question) => self.look_up(samples, question, answer),
            None => answer,
        }
    }

    /// What a database was seen to say, beside what is known without it. Where it was not asked yet, the question is kept.
    #[must_use]
    pub fn look_up(&self, samples: &Samples, question: Question, otherwise: Answer) -> Answer {
        match samples.seen(&question).cloned() {
            Some(Seen::Row { values, outcome }) => {
                let table = question.table().clone();
                Answer::With(Box::new(Witness { table, values, origin: Origin::Database, outcome }))
            }
            Some(seen) => Answer::Asked(Box::new(otherwise), seen),
            None => {
                let mut unasked = self.unasked.borrow_mut();
                if !unasked.contains(&question) {
                    unasked.push(question);
                }
                otherwise
            }
        }
    }

    /// What a database could answer, and has not been asked yet.
    #[must_use]
    pub fn unasked(&self) -> Vec<Question> {
        self.unasked.borrow().clone()
    }
}

fn key(
    asked: Asked,
    scenario: &Scenario<'_>,
    table: &str,
    value: &Expression,
    free: &[Free<'_>],
) -> (Key, Vec<Expression>) {
    let computed = scenario.computed.iter();
    let mut expressions = vec![value];
    expressions.extend(computed.clone().map(|computed| computed.value));
    expressions.extend(scenario.filter.map(|(_, filter)| filter));
    let mut names = vec![table.to_owned()];
    names.extend(computed.map(|computed| format!("{} {}", computed.column.0, computed.table)));
    for known in free {
        let [is_changed, is_filled] = [scenario.changed, scenario.filled].map(|ids| ids.contains(&known.column.id));
        names.push(format!("{} {} {is_changed} {is_filled}", known.column.id.0, known.nullable));
        expressions.extend(scenario.checks_of(known.table).map(|(condition, _)| condition));
    }
    let lie = expressions.iter().map(|expression| expression.address()).collect();
    let key = Key { asked, expressions: lie, names, written: scenario.written };
    (key, expressions.into_iter().cloned().collect())
}

/// Whether a value is a moment before or after all others.
fn is_endless(value: &Value) -> bool {
    match value {
        Value::Date(days) => *days == i32::MIN || *days == i32::MAX,
        Value::Timestamp(micros) | Value::TimestampTz(micros) => *micros == i64::MIN || *micros == i64::MAX,
        _ => false,
    }
}

fn fits(inputs: &[Value], nulls: &[bool]) -> bool {
    inputs.iter().zip(nulls).all(|(value, null)| value.is_null() == *null)
}

/// The search for a row.
struct Search<'a> {
    scenario: &'a Scenario<'a>,
    table: &'a str,
    value: &'a Expression,
    free: &'a [Free<'a>],
    /// Only at the end of the range of a type it can come about.
    at_the_end: bool,
    /// What comes of the inputs and the value of a row, if that is what is looked for.
    sees: &'a dyn Fn(&[Value], &Evaluated) -> Option<String>,
}

impl Search<'_> {
    fn answer(&self) -> Answer {
        if self.free.iter().any(|free| free.column.ty == Type::Unknown) {
            return Answer::Open;
        }
        if let Some(witness) = self.sampled() {
            return self.found(witness);
        }
        let mut endless = None;
        for row in &self.made() {
            if self.scenario.admits(self.free, row)
                && let Some(outcome) = self.look(row)
            {
                let witness = self.witness(row, Origin::Made, outcome);
                if !row.iter().any(is_endless) {
                    return self.found(witness);
                }
                endless.get_or_insert(witness);
            }
        }
        // Beyond all moments is the end of the range.
        endless.map_or(Answer::Open, |witness| Answer::AtTheEnd(Box::new(witness)))
    }

    /// What a witness shows.
    fn found(&self, witness: Witness) -> Answer {
        if self.at_the_end { Answer::AtTheEnd(Box::new(witness)) } else { Answer::With(Box::new(witness)) }
    }

    /// A row among those that are known.
    fn sampled(&self) -> Option<Witness> {
        let table = &self.free.first()?.table.name;
        let is_changed = |free: &Free<'_>| !self.scenario.written && self.scenario.filled.contains(&free.column.id);
        if self.free.iter().any(|free| free.table.name != *table || is_changed(free)) {
            return None;
        }
        for sample in self.scenario.samples.of(table) {
            let places = self.free.iter().map(|free| sample.columns.iter().position(|id| *id == free.column.id));
            let Some(places) = places.collect::<Option<Vec<usize>>>() else { continue };
            for known in &sample.rows {
                let row: Vec<Value> = places.iter().map(|at| known[*at].clone()).collect();
                let outcome = self.scenario.admits(self.free, &row).then(|| self.look(&row)).flatten();
                if let Some(outcome) = outcome {
                    return Some(self.witness(&row, sample.origin, outcome));
                }
            }
        }
        None
    }

    fn made(&self) -> Vec<Vec<Value>> {
        if self.free.is_empty() {
            return vec![Vec::new()];
        }
        let mut constants = self.value.constants();
        constants.extend(self.scenario.computed.iter().flat_map(|computed| computed.value.constants()));
        constants.extend(self.scenario.filter.iter().flat_map(|(_, filter)| filter.constants()));
        for free in self.free {
            constants.extend(self.scenario.checks_of(free.table).flat_map(|(condition, _)| condition.constants()));
        }
        let columns = self.free.iter().enumerate();
        let values = |(number, free): (usize, &Free<'_>)| {
            let ty = free.column.ty;
            let last = made::LAST_MOMENTS.iter().filter(|_| self.at_the_end && ty.is_time());
            let mut values = made::values(ty, free.nullable, number, &constants);
            values.extend(last.filter_map(|text| Value::parse(text, ty).ok()));
            values
        };
        made::combined(&columns.map(values).collect::<Vec<_>>(), self.most_tried())
    }

    /// So many rows are tried: fewer where each takes long to compute.
    fn most_tried(&self) -> usize {
        let computed = self.scenario.computed.iter().map(|computed| computed.value.size());
        let filter = self.scenario.filter.map_or(0, |(_, filter)| filter.size());
        let size = self.value.size() + computed.sum::<usize>() + filter;
        (MOST_STEPS / size.max(1)).clamp(FEWEST_TRIED, MOST_TRIED)
    }

    /// What comes of a row, if that is what is looked for.
    fn look(&self, row: &[Value]) -> Option<String> {
        let inputs = self.scenario.inputs(self.table, self.value, self.free, row)?;
        let result = self.value.tried(&inputs)?;
        (self.sees)(&inputs, &result)
    }

    fn witness(&self, row: &[Value], origin: Origin, outcome: String) -> Witness {
        let values = self.free.iter().zip(row).map(|(free, value)| (free.column.name.clone(), value.clone()));
        let table = self.free.first().map_or_else(|| self.table.into(), |free| free.table.name.clone());
        Witness { table, values: values.collect(), origin, outcome }
    }
}
