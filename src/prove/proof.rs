//! What a proof says, as data. Columns go by name; statements by their place in the plan.

use crate::ast::{Name, Phase};
use crate::obligations::Witness;
use crate::plan::ColumnName;

/// What came of a proof.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Reachable states of all groups together, those of rollbacks included.
    pub states: usize,
    /// The groups of linked columns, explored one by one.
    pub groups: Vec<GroupProof>,
    /// The shortest way to each thing that is wrong; one for each root cause.
    pub refutations: Vec<Refutation>,
    /// What the model does not reach.
    pub outside: Vec<Outside>,
    /// What is not known of values, and would have to hold: without it the plan is not safe.
    pub conditions: Vec<Condition>,
    /// What was taken for granted, because only the authors of the applications can know it.
    pub assumptions: Vec<Assumption>,
    /// What each application may do at each moment.
    pub matrix: Matrix,
    /// The first statement after which rolling back would lose something.
    pub no_return: Option<NoReturn>,
}

impl Proof {
    /// The verdict in a word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.refutations.is_empty() {
            Verdict::Refuted
        } else if !self.outside.is_empty() {
            Verdict::NotProved
        } else if self.conditions.is_empty() {
            Verdict::Proved
        } else {
            Verdict::Conditional
        }
    }
}

/// The ways in which a proof ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Safe for any number of rows, clients and batches.
    Proved,
    /// The same, provided that the conditions hold.
    Conditional,
    /// A schedule ends in an anomaly.
    Refuted,
    /// Nothing wrong was found, and not everything could be looked at.
    NotProved,
}

/// Linked columns, which influence each other and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProof {
    /// Its columns.
    pub columns: Vec<ColumnName>,
    /// Its reachable states.
    pub states: usize,
    /// States on the way back of a rollback.
    pub rollback_states: usize,
    /// The statements that concern it.
    pub steps: Vec<usize>,
}

/// A schedule that ends in an anomaly.
#[derive(Clone, Debug)]
pub struct Refutation {
    /// The group that it happens in, by its place in [`Proof::groups`].
    pub group: usize,
    /// What happens in the end.
    pub anomaly: Anomaly,
    /// The shortest way there.
    pub schedule: Schedule,
    /// Conditions on the way that depend on values, which the proof does not know.
    pub hangs_on: Vec<Undecided>,
    /// The values with which it happens, where it happens with some only.
    pub witness: Option<Witness>,
    /// A change of the plan after which this does not happen any more.
    pub remedy: Option<Remedy>,
    /// What to do, in the words of every command; empty where nobody has looked at the script for it.
    pub help: String,
}

/// What must never happen. The order is that in which schedules of one length are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnomalyKind {
    /// A live application uses a column or a table that does not exist.
    BrokenUse,
    /// A live application reads null in a column one of whose facts has been written.
    UnsetRead,
    /// A live application reads a column that is not fresh.
    StaleRead,
    /// The newest value of a fact is in no column any more.
    LostWrite,
    /// A live application's write breaks a constraint that its own version does not know of.
    RejectedWrite,
    /// A statement cannot succeed on some reachable rows.
    FailingStep,
}

impl AnomalyKind {
    /// All kinds, in their order.
    pub const ALL: [Self; 6] =
        [Self::BrokenUse, Self::UnsetRead, Self::StaleRead, Self::LostWrite, Self::RejectedWrite, Self::FailingStep];

    /// Its name: `stale read`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BrokenUse => "broken use",
            Self::UnsetRead => "unset read",
            Self::StaleRead => "stale read",
            Self::LostWrite => "lost write",
            Self::RejectedWrite => "rejected write",
            Self::FailingStep => "failing step",
        }
    }
}

/// What happens at the end of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// The kind.
    pub kind: AnomalyKind,
    /// How many statements have ended before it.
    pub position: usize,
    /// It is the statement at `position` that fails or loses something, not an application's event after it.
    pub in_step: bool,
    /// The application that it happens to.
    pub app: Option<Name>,
    /// The column that it is about: read, lost, null where none may be, or not there.
    pub column: Option<ColumnName>,
    /// The constraint that refuses the write or the statement, in words: ``not null on `users.username` ``.
    pub constraint: Option<String>,
    /// What it is of another row that the constraint refuses.
    pub beside: Option<Beside>,
}

/// The other row, where a constraint hangs on two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It has the values already that the write brings.
    HasThem,
    /// It is the row of the schedule, which still has the values that another one is given.
    StillHasThem,
    /// It comes to the same value, as all rows may.
    ComesToThem,
    /// It is missing: a row of this table is referred to that is not there.
    Missing(Name),
}

/// One row's life: how it starts and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The row before the first event.
    pub start: RowView,
    /// What happens; the last event is the anomaly.
    pub events: Vec<ScheduleEvent>,
}

impl Schedule {
    /// Statements that have ended and events of applications, the last event included. A visit is part of its statement.
    #[must_use]
    pub fn length(&self) -> usize {
        let is_visit = |event: &ScheduleEvent| matches!(event.kind, EventKind::Visit { .. });
        let visits = self.events.iter().rev().skip(1).filter(|event| is_visit(event)).count();
        self.events.len() - visits
    }
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleEvent {
    /// How many statements have ended before it.
    pub position: usize,
    /// What it is.
    pub kind: EventKind,
    /// The row afterwards.
    pub row: RowView,
    /// Another row than the one that the schedule is about, where two rows meet in a unique constraint.
    pub other_row: bool,
}

/// The kinds of events. Statements are known by their place in the plan, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A statement ends. All but `backfill`, `seed` and `copy` are this one event.
    Step(usize),
    /// A `backfill`, `seed` or `copy` comes by the row.
    Visit {
        /// The statement.
        step: usize,
        /// It has been there before: the run crashed, and repeats its last batch.
        again: bool,
        /// It processes the row; otherwise its condition skips the row.
        treats: bool,
    },
    /// An application reads a column.
    Read {
        /// The application.
        app: Name,
        /// The column.
        column: ColumnName,
    },
    /// An application updates the row.
    Write {
        /// The application.
        app: Name,
        /// The columns that it gives a value.
        columns: Vec<ColumnName>,
        /// Those of them that it sets to null.
        null: Vec<ColumnName>,
        /// It gives them the values that they have, so that nothing changes and nothing follows. Otherwise the values are
        /// new.
        as_is: bool,
    },
    /// An application inserts the row.
    Insert {
        /// The application.
        app: Name,
        /// The table.
        table: Name,
        /// The columns that it gives a value.
        columns: Vec<ColumnName>,
        /// Those of them that it sets to null.
        null: Vec<ColumnName>,
    },
    /// An application deletes the row.
    Delete {
        /// The application.
        app: Name,
        /// The table.
        table: Name,
    },
    /// A statement is rolled back.
    Undo(usize),
}

/// The columns of a row, and of the rows that belong to it in other tables, in the order in which they were added.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RowView {
    /// Its cells; none of a table in which it has no row.
    pub cells: Vec<CellView>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellView {
    /// Its column.
    pub column: ColumnName,
    /// What is in it.
    pub content: Content,
    /// The facts for which it is stale, called by the columns that they were first known as.
    pub stale: Vec<ColumnName>,
}

/// What is in a cell, besides its freshness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Never given a value.
    Unset,
    /// Null, given on purpose or computed.
    Null,
    /// A value.
    Value,
}

/// A condition that depends on values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The statement that it stands in.
    pub step: Option<usize>,
    /// What it is: ``whether `where region = 'x'` holds for the row``.
    pub what: String,
}

/// A statement that the model does not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The statement.
    pub step: Option<usize>,
    /// Why: "two rows of `orders` may be copied to one of `customers`".
    pub why: String,
}

/// Something that is not known of values: the plan is proved, provided that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The statement that it stands in; none for what holds of the start.
    pub step: Option<usize>,
    /// What must hold: "every row of `homes` has a `zip` that is an integer".
    pub what: String,
    /// What would discharge it: "add a check on `zip`, or look at the rows with `check --db`".
    pub discharge: String,
}

/// Something that only the authors of the applications can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The statement that it is about.
    pub step: Option<usize>,
    /// What: "`v2` writes only values that satisfy check `positive`".
    pub what: String,
}

/// What each application may do at each moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The applications, across.
    pub apps: Vec<Name>,
    /// A row for the start, and one for each statement, as things are once it has ended.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Not deployed yet, or retired.
    NotLive,
    /// Nothing can happen to it.
    Works,
    /// This can.
    Breaks(AnomalyKind),
}

/// The point of no return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReturn {
    /// The statement after which a rollback would lose something.
    pub step: usize,
    /// What.
    pub why: WhyNoReturn,
}

impl NoReturn {
    /// How a write is lost, and of which column, where that is what happens.
    #[must_use]
    pub fn loss(&self) -> Option<(&ColumnName, &Schedule)> {
        match &self.why {
            WhyNoReturn::Loses { column, schedule } => Some((column, schedule)),
            WhyNoReturn::Breaks { .. } | WhyNoReturn::NotKept { .. } => None,
        }
    }
}

/// What a rollback would lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNoReturn {
    /// A write of an application.
    Loses {
        /// The column whose newest value would be lost.
        column: ColumnName,
        /// How: a schedule that ends with the undoing.
        schedule: Schedule,
    },
    /// A constraint that the undoing of a statement needs, and that rows written since may break.
    Breaks {
        /// The statement that cannot be undone then.
        undoing: usize,
        /// The constraint, in words: ``unique constraint `users_email` ``.
        constraint: String,
        /// Who may write such rows.
        app: Name,
    },
    /// The values that the statement replaces, or the rows that it adds: the table has no key to find them by.
    NotKept {
        /// The table.
        table: Name,
    },
}

/// A change of the plan that was proved to help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What to do, as an order: "add `expand sync username <-> display_name`".
    pub text: String,
    /// The same as data.
    pub change: Change,
    /// Where.
    pub place: Option<Insertion>,
    /// What is left after it.
    pub gives: Gives,
}

/// What a remedy does to the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A statement is put in.
    Add {
        /// The phase that it is written in; none for rollout.
        phase: Option<Phase>,
        /// The statement without its phase. Where it has a hole, `…`, that is for the expression of `like`.
        statement: String,
        /// The statement that has the expression.
        like: Option<usize>,
    },
    /// A backfill is done only where this holds.
    Where {
        /// The backfill.
        step: usize,
        /// The condition.
        condition: String,
    },
    /// A statement goes to another place.
    Move(usize),
    /// A statement is left out.
    LeaveOut(usize),
}

impl Change {
    /// What to do, as an order, where that is to put a statement in; nothing for others.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Add { phase: Some(phase), statement, .. } => format!("add `{} {statement}`", phase.keyword()),
            Self::Add { phase: None, statement, .. } => format!("add `{statement}`"),
            Self::Where { .. } | Self::Move(_) | Self::LeaveOut(_) => String::new(),
        }
    }
}

/// What is known of a plan after a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// The whole plan is proved, and there is nothing to add.
    Proved,
    /// This is the verdict then: "proved, provided that 1 condition holds".
    Verdict(String),
    /// Nothing is wrong that was found, and not everything can be looked at.
    NotRefuted,
    /// In no order of events anything goes wrong with the columns that it is about; the rest was not looked at again.
    Columns,
    /// What it is a remedy for is gone, and something else is left.
    Less,
}

/// Whether remedies are looked for.
#[derive(Clone, Copy)]
pub enum Remedies<'a> {
    /// None: what goes wrong first is enough.
    Unsought,
    /// Those that help in the model.
    Sought,
    /// Of those only such as hold in the script, too: what they give there, or none where they do harm.
    Tried(&'a dyn Fn(&Remedy) -> Option<Remedy>),
}

/// A place between two statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// Before this one.
    Before(usize),
    /// After this one.
    After(usize),
    /// In this one.
    At(usize),
}
