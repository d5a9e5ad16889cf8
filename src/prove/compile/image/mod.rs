//! What an event does to a row, worked out once for all states: which cells change, which go stale, which syncs fire.
//!
//! This follows the in-memory table's writes step by step, with the bits of a state in place of values. A write always
//! brings a new value, so that which syncs fire does not depend on the state.

mod follow;

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, SyncId};
use crate::data::Type;
use crate::expr::{Expression, Nullness};
use crate::obligations::{Answer, Judge, Scenario, Witness};
use crate::plan::FactId;
use crate::prove::compile::computed::{self, Doubt, Given};
use crate::prove::compile::scene::LayerScene;
use crate::prove::covers::Cover;
use crate::prove::layout::KeptBits;
use crate::prove::rule::Rule;
use crate::prove::survey::MOST_INPUTS;
use crate::prove::word::{Op, Pattern, Program, Word};

/// Of held, kept and there: what is kept where it is held, else what is there.
const KEPT_OR_THERE: u64 = 0b1101_1000;

/// Whether a value is taken to be null where that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    Value,
    Null,
}

/// Rows on the way from before an event to after it.
pub(super) struct Image<'a, W> {
    scene: LayerScene<'a>,
    /// What was worked out so far.
    pub(super) code: Program<W>,
    /// What is known of every state after it.
    pub(super) after: Pattern<W>,
    /// In which tables there is a row.
    pub(super) exists: Vec<bool>,
    /// The tables whose rows were given values, and must satisfy their constraints.
    pub(super) stored: Vec<usize>,
    fired: Vec<SyncId>,
    /// Columns that followed by sync, each with the column whose different values give it different ones.
    synced: Vec<(ColumnId, Option<ColumnId>)>,
    /// Columns that were computed, and from what.
    pub(super) computed: Vec<Given>,
    /// Expressions that may fail.
    pub(super) doubts: Vec<Doubt>,
    /// The row was there before; otherwise an application writes it.
    visited: bool,
    /// Of rows that were there before, these only are meant.
    filter: Option<(Name, Expression)>,
    /// It was guessed whether some value is null.
    pub(super) guessed: bool,
    /// The values with which it is null though what it reads is not.
    pub(super) witness: Option<Witness>,
    /// Expressions of which it is not known whether they are null.
    pub(super) open: Vec<ColumnId>,
    guess: Guess,
    changed: Vec<ColumnId>,
    /// Columns of a new row whose defaults count, as no form was given: what is in the same row follows them.
    pub(super) quiet: Vec<ColumnId>,
    set: Vec<ColumnId>,
    /// Syncs that fill a row just inserted.
    filling: Vec<SyncId>,
    inserted: Vec<usize>,
    /// Columns of rows just inserted that are null.
    nulls: Vec<ColumnId>,
    /// Columns of other groups that an insert gives a value.
    pub(super) elsewhere: Vec<ColumnId>,
}

impl<'a, W: Word> Image<'a, W> {
    pub(super) fn new(scene: LayerScene<'a>, exists: &[bool], guess: Guess) -> Self {
        Self {
            scene,
            code: Program::new(),
            after: Pattern::ANY,
            exists: exists.to_vec(),
            stored: Vec::new(),
            fired: Vec::new(),
            synced: Vec::new(),
            computed: Vec::new(),
            doubts: Vec::new(),
            visited: false,
            filter: None,
            guessed: false,
            witness: None,
            open: Vec::new(),
            guess,
            changed: Vec::new(),
            quiet: Vec::new(),
            set: Vec::new(),
            filling: Vec::new(),
            inserted: Vec::new(),
            nulls: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// The same for a row that was there before and is visited, if it passes a filter.
    pub(super) fn of_visit(mut self, filter: Option<(&Name, &Expression)>) -> Self {
        self.visited = true;
        self.filter = filter.map(|(table, filter)| (table.clone(), filter.clone()));
        self
    }

    /// Whether the row of a table is new.
    pub(super) fn is_inserted(&self, table: usize) -> bool {
        self.inserted.contains(&table)
    }

    /// Whether a column was given a value by a sync.
    pub(super) fn is_set(&self, column: ColumnId) -> bool {
        self.set.contains(&column)
    }

    /// Where it happens.
    pub(super) fn scene(&self) -> LayerScene<'a> {
        self.scene
    }

    /// Columns that followed by sync, each with the column whose different values give it different ones.
    pub(super) fn synced(&self) -> Vec<(ColumnId, Option<ColumnId>)> {
        self.synced.clone()
    }

    /// Works out beforehand what is the same for all states in which it happens.
    pub(super) fn settle(&mut self, guard: Pattern<W>) {
        (self.code, self.after) = self.code.settled(guard);
    }

    /// Gives a column a new value, or null, that is the newest.
    pub(super) fn give(&mut self, column: ColumnId, null: bool) {
        let Some(bits) = self.scene.bits(column) else { return };
        self.code.push(Op::assign(bits.null, null));
        self.forget_left_out(|cover| cover.read.contains(&column));
        self.note_null(column, null);
        let fresh = W::bits(bits.stale.iter().map(|(_, at)| *at)) | W::bit(bits.unset);
        self.code.push(Op::Put(!fresh, W::ZERO));
        self.store(bits.table);
        self.touch(column);
    }

    /// A column has another value: whom a condition on it has left out is not known any more.
    fn forget_left_out(&mut self, changes: impl Fn(&Cover) -> bool) {
        let left_out = self.scene.layout.left_out.iter().filter(|left| changes(&left.cover));
        left_out.map(|left| left.at).for_each(|at| self.code.push(Op::assign(at, false)));
    }

    /// An application writes the column: what a statement found there is not restored any more.
    fn touch(&mut self, column: ColumnId) {
        let kept = self.scene.layout.kept.values().filter(|kept| kept.column == column);
        let bits = W::bits(kept.flat_map(KeptBits::all));
        if bits != W::ZERO {
            self.code.push(Op::Put(!bits, W::ZERO));
        }
    }

    /// A statement is about to fill the column: what is there is kept, unless it is kept already.
    pub(super) fn keep_before(&mut self, step: usize) {
        let Some(kept) = self.scene.layout.kept.get(&step) else { return };
        let Some(bits) = self.scene.bits(kept.column) else { return };
        for (kept_at, at) in kept.before.all().zip(bits.all()) {
            self.code.push(Op::Look([kept.held, kept_at, at].into(), KEPT_OR_THERE, kept_at));
        }
        self.code.push(Op::assign(kept.held, true));
    }

    /// Gives a column the value that it has.
    pub(super) fn keep(&mut self, column: ColumnId) {
        if let Some(bits) = self.scene.bits(column) {
            self.store(bits.table);
            self.touch(column);
        }
    }

    /// Gives a column the value of an expression over the row of `table`, with the freshness of what it reads.
    pub(super) fn compute(&mut self, column: ColumnId, value: &Expression, table: &str) {
        let Some(bits) = self.scene.bits(column) else { return };
        self.forget_left_out(|cover| cover.read.contains(&column));
        let catalog = self.scene.catalog;
        let ids: Vec<Option<ColumnId>> =
            value.inputs().iter().map(|name| catalog.column(table, name).map(|column| column.id)).collect();
        let sources: Vec<_> = ids.iter().map(|id| id.and_then(|id| self.scene.bits(id))).collect();
        self.store(bits.table);
        self.doubt(column, value, table);
        let known: Vec<_> = sources.iter().flatten().copied().collect();
        let nulls: Vec<u32> = known.iter().map(|source| source.null).collect();
        let result = self.nullness(column, value, table, &sources);
        let all_known_null = !ids.is_empty() && ids.iter().all(|id| id.is_some_and(|id| self.nulls.contains(&id)));
        self.note_null(column, all_known_null && value.known(&|_| true) == Nullness::Null);
        self.computed.push(Given { column, table: table.into(), value: value.clone() });
        let all_null = 1_u64 << ((1_u32 << nulls.len().min(MOST_INPUTS)) - 1);
        if !ids.is_empty() && known.len() == ids.len() && result & all_null != 0 {
            self.code.push(Op::All(W::bits(known.iter().map(|source| source.unset)), bits.unset));
        } else {
            self.code.push(Op::assign(bits.unset, false));
        }
        let is_lost = !value.may_be_absent() && self.scene.has(Rule::NullLosesItsSources);
        for (fact, at) in &bits.stale {
            let stale = known.iter().filter_map(|source| source.stale_for(*fact));
            self.code.push(Op::Any(W::bits(stale), *at));
            let carries: Vec<bool> = known.iter().map(|source| source.stale_for(*fact).is_some()).collect();
            let lost = if is_lost { lost_to_null(result, &carries) } else { 0 };
            if lost != 0 {
                self.code.push(Op::LookToo(nulls.clone().into(), lost, *at));
                self.code.push(Op::LookToo(nulls.clone().into(), lost, bits.unset));
            }
        }
        // Last, for the column may be among its own sources.
        self.code.push(if nulls.len() > MOST_INPUTS || result == 0 {
            Op::assign(bits.null, result != 0)
        } else {
            Op::Look(nulls.into(), result, bits.null)
        });
    }

    /// Asks whether an expression fails for some row.
    fn doubt(&mut self, column: ColumnId, value: &Expression, table: &str) {
        let unknown = self.changes_an_unknown_type(column, value, table);
        let answer = match (self.ask(|scenario, judge| judge.fails(scenario, table, value)), &unknown) {
            (Answer::Never, Some(_)) => Answer::Open,
            (answer, _) => answer,
        };
        if answer != Answer::Never {
            let unknown = unknown.filter(|_| answer == Answer::Open);
            self.doubts.push(Doubt { column, answer, unknown });
        }
    }

    /// The type that the language does not know, where a value goes from or to one, and not as it is.
    fn changes_an_unknown_type(&self, column: ColumnId, value: &Expression, table: &str) -> Option<Name> {
        let catalog = self.scene.catalog;
        let name = self.scene.survey.name(column);
        let target = catalog.column(&name.table, &name.column)?;
        let sources = || value.inputs().iter().filter_map(|input| catalog.column(table, input));
        let is_same = |source: &Column| source.is_of_type_of(target);
        let is_kept = value.as_column_of_any_type().is_some() && sources().all(is_same);
        // Every type can be written as a text.
        let is_text = matches!(target.ty, Type::Text | Type::Varchar(None)) && target.written_type.is_none();
        if is_kept || is_text && value.as_text_of_column().is_some() {
            return None;
        }
        let opaque = |source: &Column| source.written_type.clone().filter(|_| !(is_text && source.is_kept_as_text()));
        target.written_type.clone().or_else(|| sources().find_map(opaque))
    }

    /// Asks about the values of the row as far as it is worked out.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Scenario<'_>, &Judge) -> T) -> T {
        let computed = computed::as_computed(&self.computed);
        let filter = self.filter.as_ref().map(|(table, filter)| (&**table, filter));
        let scenario = computed::scenario(self.scene, !self.visited, &computed);
        let seen = if self.visited { computed::seen(self.scene) } else { Vec::new() };
        ask(&Scenario { filter, seen: &seen, ..scenario }, &self.scene.survey.judge)
    }

    /// Gives a column the value of an expression that it only starts from: what it should know of other columns it knows
    /// no better than before, unless it is taken to be `fresh`.
    pub(super) fn start_from(&mut self, column: ColumnId, value: &Expression, table: &str, fresh: bool) {
        let Some(bits) = self.scene.bits(column) else { return };
        let mut before = Program::new();
        std::mem::swap(&mut before, &mut self.code);
        self.compute(column, value, table);
        let stale: Vec<u32> = bits.stale.iter().map(|(_, at)| *at).collect();
        let computed = std::mem::replace(&mut self.code, before);
        computed.without(&stale).into_iter().for_each(|op| self.code.push(op));
        if fresh {
            stale.iter().for_each(|at| self.code.push(Op::assign(*at, false)));
        }
    }

    /// For each pattern of nulls among the sources whether the value is null, as bits of a word.
    fn nullness(
        &mut self,
        column: ColumnId,
        value: &Expression,
        table: &str,
        sources: &[Option<&crate::prove::layout::ColumnBits>],
    ) -> u64 {
        let places: Vec<usize> = (0..sources.len()).filter(|at| sources[*at].is_some()).collect();
        if places.len() > MOST_INPUTS {
            self.guessed = true;
            return u64::from(self.guess == Guess::Null);
        }
        let mut result = 0;
        for pattern in 0..1_u32 << places.len() {
            let null =
                |input: usize| places.iter().position(|place| *place == input).is_some_and(|at| pattern >> at & 1 == 1);
            let is_null = match value.known(&null) {
                Nullness::Null => true,
                Nullness::NotNull(_) => false,
                Nullness::Unknown => {
                    let nulls: Vec<bool> = (0..sources.len()).map(null).collect();
                    self.decide(column, value, table, &nulls)
                }
            };
            result |= u64::from(is_null) << pattern;
        }
        result
    }

    /// Whether a value is null where these inputs are, asked of values; guessed where it is with some and not with others.
    fn decide(&mut self, column: ColumnId, value: &Expression, table: &str, nulls: &[bool]) -> bool {
        let null = self.ask(|scenario, judge| judge.is_null(scenario, table, value, nulls));
        match &null {
            Answer::Never => return false,
            Answer::Open if !value.may_be_absent() => {
                self.open.push(column);
                return false;
            }
            Answer::With(witness) | Answer::AtTheEnd(witness) if self.guess == Guess::Null => {
                self.witness.get_or_insert_with(|| (**witness).clone());
            }
            Answer::With(_) | Answer::AtTheEnd(_) | Answer::Open | Answer::Asked(..) => {}
        }
        let some = self.ask(|scenario, judge| judge.is_some(scenario, table, value, nulls));
        if some == Answer::Never {
            return true;
        }
        self.guessed = true;
        self.guess == Guess::Null
    }

    fn note_null(&mut self, column: ColumnId, null: bool) {
        self.nulls.retain(|other| *other != column);
        if null {
            self.nulls.push(column);
        }
    }

    fn store(&mut self, table: usize) {
        if !self.stored.contains(&table) {
            self.stored.push(table);
        }
    }

    /// A new row of `table` with its defaults; `known` tells for which facts the rest of the entity has something newer.
    pub(super) fn insert(&mut self, table: usize) {
        let scene = self.scene;
        let row = &scene.layout.tables[table];
        self.forget_left_out(|cover| scene.group.tables[table] == cover.table);
        self.code.push(Op::assign(row.exists, true));
        // A row that comes again is there again, whoever brings it back.
        self.code.push(Op::assign(row.gone, false));
        for (column, bits) in scene.columns_of(table) {
            let default = scene.has_default(column);
            let carried = scene.is_carried(column.id);
            let there = self.exists.clone();
            let elsewhere = |other: usize| other != table && there[other];
            let newer = |fact: &crate::plan::FactId| {
                scene.columns().any(|(other, place)| {
                    other.id != column.id
                        && place.stale_for(*fact).is_some()
                        && (elsewhere(place.table) || default && place.table == table)
                })
            };
            self.note_null(column.id, !default);
            self.code.push(Op::assign(bits.null, !default));
            self.code.push(Op::assign(bits.unset, !default));
            for (fact, at) in &bits.stale {
                self.code.push(Op::assign(*at, carried && newer(fact)));
            }
        }
        self.exists[table] = true;
        self.inserted.push(table);
        self.store(table);
    }

    /// Removes the row of a table: its cells are as those of a row that never was.
    pub(super) fn remove(&mut self, table: usize, by_app: bool) {
        let (layout, group) = (self.scene.layout, self.scene.group);
        self.forget_left_out(|cover| group.tables[table] == cover.table);
        self.code.push(Op::assign(layout.tables[table].exists, false));
        if by_app {
            self.code.push(Op::assign(layout.tables[table].gone, true));
        }
        let kept = W::bits(layout.kept_of(table).flat_map(KeptBits::all));
        self.code.push(Op::Put(!kept, layout.columns_of(table)));
        self.exists[table] = false;
    }

    /// Makes stale what other tables know of a row that was removed: that it is no more, they have not learnt.
    pub(super) fn miss(&mut self, table: usize) {
        let scene = self.scene;
        if !scene.has(Rule::DeletesAreWrites) || !scene.has(Rule::WriteMakesStale) {
            return;
        }
        let columns: Vec<ColumnId> = scene.columns_of(table).map(|(column, _)| column.id).collect();
        let apart = (0..self.exists.len()).filter(|other| *other != table && !scene.are_paired(table, *other));
        let apart = apart.flat_map(|other| scene.columns_of(other)).map(|(column, _)| column.id);
        let kept: Vec<ColumnId> = columns.iter().copied().chain(apart).collect();
        self.outdate(&columns, &kept);
    }

    /// Makes stale what carries a fact of `touched` and is not in `written`, also where it waits to be put back; and
    /// notes that these facts are written.
    pub(super) fn mark_stale(&mut self, touched: &[ColumnId], written: &[ColumnId]) {
        if !self.scene.has(Rule::WriteMakesStale) {
            return;
        }
        self.outdate(touched, written);
        let facts = touched.iter().flat_map(|column| self.scene.plan.facts.of(*column));
        let noted = W::bits(facts.filter_map(|fact| self.scene.layout.written.get(fact).copied()));
        self.code.push(Op::Put(!W::ZERO, noted));
    }

    /// Makes stale what carries a fact of `touched` and is not in `known`.
    fn outdate(&mut self, touched: &[ColumnId], known: &[ColumnId]) {
        let scene = self.scene;
        let mut stale = W::ZERO;
        for fact in touched.iter().flat_map(|column| scene.plan.facts.of(*column)) {
            let others = scene.layout.columns.iter().filter(|(other, _)| !known.contains(other));
            stale = stale | W::bits(others.filter_map(|(_, bits)| bits.stale_for(*fact)));
            let kept = scene.layout.kept.values().filter(|kept| !known.contains(&kept.column));
            self.mark_kept_stale(kept, *fact);
        }
        self.code.push(Op::Put(!W::ZERO, stale));
    }

    /// What is kept misses a write as well as what is there does.
    fn mark_kept_stale<'k>(&mut self, kept: impl Iterator<Item = &'k KeptBits>, fact: FactId) {
        for kept in kept {
            if let Some(at) = kept.before.stale_for(fact) {
                self.code.push(Op::Any(W::bits([kept.held, at]), at));
            }
        }
    }
}

/// The patterns of nulls in which a value is null although a source of a fact is not: `carries` says which sources
/// carry it.
fn lost_to_null(result: u64, carries: &[bool]) -> u64 {
    if carries.len() > MOST_INPUTS {
        return 0;
    }
    let holds = |pattern: u32| carries.iter().enumerate().any(|(at, carries)| *carries && pattern >> at & 1 == 0);
    let lost = (0..1_u32 << carries.len()).filter(|pattern| result >> pattern & 1 == 1 && holds(*pattern));
    lost.fold(0, |lost, pattern| lost | 1 << pattern)
}
