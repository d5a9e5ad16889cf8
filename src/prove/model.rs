//! The model of one group of linked columns, as its exploration runs it.

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::prove::proof::{AnomalyKind, Beside};
use crate::prove::word::{Pattern, Program, Word};

/// A group's model: a layer for each stretch of the plan in which nothing changes for it.
#[derive(Clone, Debug)]
pub(super) struct Model<W> {
    /// In the order of the plan.
    pub(super) layers: Vec<Layer<W>>,
    /// The states in which a row may be from the start.
    pub(super) existing: Vec<W>,
    /// The state of a row that is not there yet.
    pub(super) absent: W,
    /// What may happen, told by acts.
    pub(super) happenings: Vec<ModelEvent>,
    /// What may go wrong, told by acts, reads and steps.
    pub(super) wrongs: Vec<Wrong>,
}

/// A stretch of the plan.
#[derive(Clone, Debug)]
pub(super) struct Layer<W> {
    /// How many statements have ended when it begins.
    pub(super) from: usize,
    /// The statement that ends it, which changes something for the group; none for the last layer.
    pub(super) step: Option<usize>,
    /// What may happen in it besides the end of the step.
    pub(super) acts: Vec<Transition<W>>,
    /// The visits of the step.
    pub(super) visits: Vec<Transition<W>>,
    /// What an application may find.
    pub(super) reads: Vec<Read<W>>,
    /// Where an application reads null that could be none when it started, each with what is wrong then.
    pub(super) nulls: Vec<(Pattern<W>, usize)>,
    /// What is wrong in any state: a live application that uses what is not there.
    pub(super) broken: Vec<usize>,
    /// Facts that a state may know no more.
    pub(super) lost: Vec<Lost<W>>,
    /// The end of the step, by what there is of rows.
    pub(super) ends: Vec<Transition<W>>,
    /// The undoing of the step before it.
    pub(super) undo: Vec<Transition<W>>,
    /// What comes back before that, where a state matches: the old values of columns that were filled. Nothing that an
    /// application has written is lost by it.
    pub(super) restore: Vec<(Pattern<W>, Program<W>)>,
    /// What a state becomes as the layer begins.
    pub(super) enter: Program<W>,
    /// Where two rows may meet in a unique constraint.
    pub(super) collisions: Vec<Collision<W>>,
}

/// Something that changes a state.
#[derive(Clone, Debug)]
pub(super) struct Transition<W> {
    /// Where it may happen.
    pub(super) guard: Pattern<W>,
    /// What it does.
    pub(super) code: Program<W>,
    /// What it is, by its place in [`Model::happenings`].
    pub(super) happening: usize,
    /// It is refused where the state after it matches: what is wrong then.
    pub(super) refused: Vec<(Pattern<W>, usize)>,
    /// It may be refused where the state after it matches, with some values, and happens with others.
    pub(super) risks: Vec<(Pattern<W>, usize)>,
    /// It does not happen where the state after it matches: the application knows what would refuse it, or there are no
    /// such rows.
    pub(super) avoided: Vec<Pattern<W>>,
    /// It depends on a condition that is not known, by its place among the group's.
    pub(super) undecided: Option<usize>,
    /// The values with which it happens, by their place among the group's, where others lead elsewhere.
    pub(super) witness: Option<usize>,
    /// The run stops before it where the state matches: a gate is there for that.
    pub(super) stopped: Vec<Pattern<W>>,
}

impl<W: Word> Transition<W> {
    /// What always happens in states of a pattern.
    pub(super) fn new(guard: Pattern<W>, code: Program<W>, happening: usize) -> Self {
        Self {
            guard,
            code,
            happening,
            refused: Vec::new(),
            risks: Vec::new(),
            avoided: Vec::new(),
            undecided: None,
            witness: None,
            stopped: Vec::new(),
        }
    }

    /// Whether it does not happen, because of the state that it would lead to.
    pub(super) fn is_avoided(&self, next: W) -> bool {
        self.avoided.iter().any(|avoided| avoided.matches(next))
    }
}

/// An event of another row that is refused where this row still holds what the other one is about to get.
///
/// The constrained column is a plain copy of a unique one. As long as it is fresh in every row, no two rows have the same
/// value; in a row where it is stale, it may hold what has become free in the column that it is a copy of.
#[derive(Clone, Debug)]
pub(super) struct Collision<W> {
    /// This row has a value in the constrained column.
    pub(super) held: Pattern<W>,
    /// All that the constrained column may be stale for; nothing where it does not matter.
    pub(super) stale: W,
    /// The event of the other row.
    pub(super) happening: usize,
    /// It is a visit.
    pub(super) in_step: bool,
    /// What is wrong then.
    pub(super) wrong: usize,
}

impl<W: Word> Collision<W> {
    /// Whether a row in this state may be in the way.
    pub(super) fn is_met(&self, word: W) -> bool {
        self.held.matches(word) && (self.stale == W::ZERO || word & self.stale != W::ZERO)
    }
}

/// An application's look at a column.
#[derive(Clone, Debug)]
pub(super) struct Read<W> {
    /// The row is there.
    pub(super) guard: Pattern<W>,
    /// Where the column says that it is unset.
    pub(super) unset: u32,
    /// All that it may be stale for.
    pub(super) stale: W,
    /// For each fact: where the column is stale for it, and the columns that know it and hold a value.
    pub(super) known: Vec<(u32, Vec<Pattern<W>>)>,
    /// What is wrong where it is unset, and where it is stale.
    pub(super) wrongs: [usize; 2],
}

/// A fact that is lost where all these bits are set, unless the row was deleted or is not there.
#[derive(Clone, Debug)]
pub(super) struct Lost<W> {
    /// The columns that carry it are stale for it.
    pub(super) stale: W,
    /// A row that one of them is in is there.
    pub(super) exists: W,
    /// A row that one of them is in was deleted.
    pub(super) gone: W,
    /// The fact is one that the plan brings in: where it says that an application has written it.
    pub(super) written: Option<u32>,
    /// Columns that know it and were given something.
    pub(super) fresh: Vec<Pattern<W>>,
    /// The row is there that it is a fact of; none where its column is not.
    pub(super) home: Option<u32>,
    /// Rows are there, or were deleted, that other facts of the same columns are of.
    pub(super) others: W,
    /// The fact.
    pub(super) fact: ColumnId,
    /// What is wrong then.
    pub(super) wrong: usize,
}

impl<W: Word> Lost<W> {
    /// Whether the fact is in no column.
    pub(super) fn is_lost(&self, word: W) -> bool {
        word & self.stale == self.stale && word & self.exists != W::ZERO && word & self.gone == W::ZERO
    }

    /// Whether the columns that carry it hold what comes from another row, and its own never was.
    pub(super) fn is_of_another_row(&self, word: W) -> bool {
        self.home.is_some_and(|at| !word.has(at)) && word & self.others != W::ZERO
    }

    /// Whether some column knows it.
    pub(super) fn is_known(&self, word: W) -> bool {
        self.fresh.iter().any(|fresh| fresh.matches(word)) && self.written.is_none_or(|at| word.has(at))
    }
}

/// What an act is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ModelEvent {
    /// The end of a statement.
    Step(usize),
    /// A fill comes by the row.
    Visit { step: usize, treats: bool },
    /// An application updates the row; `as_is` with the values that are there.
    Write { app: usize, columns: Vec<ColumnId>, null: Vec<ColumnId>, as_is: bool },
    /// An application inserts the row.
    Insert { app: usize, table: usize, columns: Vec<ColumnId>, null: Vec<ColumnId> },
    /// An application deletes the row.
    Delete { app: usize, table: Name },
    /// A statement is undone.
    Undo(usize),
}

/// What may go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) kind: AnomalyKind,
    pub(super) app: Option<usize>,
    pub(super) column: Option<Cause>,
    pub(super) constraint: Option<String>,
    /// The application only reads it.
    pub(super) reads: bool,
    /// It depends on a condition that is not known.
    pub(super) undecided: Option<usize>,
    /// The values with which it happens, by their place among the group's.
    pub(super) witness: Option<usize>,
    /// It is an event of a second row.
    pub(super) other_row: bool,
    /// What it is of a second row that is refused.
    pub(super) beside: Option<Beside>,
}

/// The column that something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A column that is there, or was.
    Column(ColumnId),
    /// One that an application asks for by name.
    Missing(crate::plan::ColumnName),
}
